// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "edgecore/base/clock.hpp"
#include "keadm/command_line.hpp"
#include "keadm/server.hpp"

/// The commands: what is asked of the server, and what is printed of its answers.
namespace edgecore::keadm {

/// What a command works with.
struct Surroundings {
  Ask ask;
  std::string node;  ///< this node's name
  WallTime now;
  std::ostream& out;
  std::ostream& err;
};

/// Each returns the exit status and throws Error with the sentence to print when the whole of it cannot be
/// done. Without names pods are those of this node; one that is named and runs elsewhere is refused.
int get(const GetCommand& command, const Surroundings& in);
int describe(const DescribeCommand& command, const Surroundings& in);
int restart(const RestartCommand& command, const Surroundings& in);
/// Pieces are printed and flushed as they come.
int logs(const LogsCommand& command, const Surroundings& in);

}  // namespace edgecore::keadm
