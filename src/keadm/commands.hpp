// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "edgecore/base/clock.hpp"
#include "keadm/command_line.hpp"
#include "keadm/server.hpp"

/// The commands: their requests to the server and their output.
namespace edgecore::keadm {

/// The environment of a command.
struct Surroundings {
  Ask ask;
  std::string node;  ///< this node's name
  WallTime now;
  std::ostream& out;
  std::ostream& err;
};

/// Each returns the exit status, and throws Error with the sentence to print if it fails as a whole. Without
/// names, pods are those of this node; a named pod of another node is refused.
int get(const GetCommand& command, const Surroundings& in);
int describe(const DescribeCommand& command, const Surroundings& in);
int restart(const RestartCommand& command, const Surroundings& in);
/// Prints and flushes the log as it arrives.
int logs(const LogsCommand& command, const Surroundings& in);

}  // namespace edgecore::keadm
