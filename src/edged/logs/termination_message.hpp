// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "edgecore/cri/types.hpp"

namespace edgecore::edged {

/// Where to find the message of a container that has ended (protocol/05-edged.md §1.16).
struct TerminationInput {
  std::filesystem::path message_file;  ///< on the host, behind terminationMessagePath; empty = none
  std::filesystem::path log_file;      ///< ContainerStatus::log_path
  bool fall_back_to_log = false;       ///< terminationMessagePolicy FallbackToLogsOnError
  std::int32_t exit_code = 0;
  std::string runtime_message;  ///< ContainerStatus::message
};

/// From the container's annotations, which record what its spec asked for. Pure.
TerminationInput termination_input(const cri::ContainerStatus& container);

/// The message for the pod's status, as valid UTF-8. A read error becomes the message, because the pod's
/// owner would see it nowhere else. Reads small files: does not block.
std::string termination_message(const TerminationInput& input);

}  // namespace edgecore::edged
