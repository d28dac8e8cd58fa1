// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "edgecore/cri/types.hpp"

namespace edgecore::edged {

/// What a container that has ended left behind (protocol/05-edged.md §1.16). Reads small files: does not
/// block.
struct TerminationInput {
  std::filesystem::path message_file;  ///< on the host, behind terminationMessagePath; empty = none
  std::filesystem::path log_file;      ///< ContainerStatus::log_path
  bool fall_back_to_log = false;       ///< terminationMessagePolicy FallbackToLogsOnError
  std::int32_t exit_code = 0;
  std::string runtime_message;  ///< ContainerStatus::message
};

/// The same by what the runtime tells of the container: its annotations say what its spec asked for. Pure.
TerminationInput termination_input(const cri::ContainerStatus& container);

/// The message for the pod's status; valid UTF-8. A file that cannot be read is told in the message, as
/// nothing else would show it to the pod's owner.
std::string termination_message(const TerminationInput& input);

}  // namespace edgecore::edged
