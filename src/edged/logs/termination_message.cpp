// SPDX-License-Identifier: Apache-2.0
#include "edged/logs/termination_message.hpp"

#include <nlohmann/json.hpp>

#include "edgecore/base/error.hpp"
#include "edged/host/file_tail.hpp"
#include "edged/logs/log_tail.hpp"
#include "edged/spec/container_config.hpp"

namespace edgecore::edged {
namespace {

constexpr std::size_t kMessageBytes = 4096;
constexpr std::size_t kLogLines = 80;
constexpr std::size_t kLogBytes = 2048;

/// Replaces invalid UTF-8, as JSON writers do. A character may be cut in two at the front.
std::string valid_utf8(const std::string& text) {
  const auto quoted = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(quoted).get<std::string>();
}

std::string own_message(const TerminationInput& input) {
  try {
    std::string message;
    if (!input.message_file.empty()) message = file_tail(input.message_file, kMessageBytes).value_or("");
    if (message.empty() && input.fall_back_to_log && input.exit_code != 0)
      message = log_tail(input.log_file, kLogLines, kLogBytes);
    return message;
  } catch (const Error& problem) {
    return std::string("The termination message cannot be read: ") + problem.what();
  }
}

}  // namespace

TerminationInput termination_input(const cri::ContainerStatus& container) {
  const ContainerAnnotations wanted = read_annotations(container.annotations);
  TerminationInput input;
  for (const auto& mount : container.mounts) {
    if (!wanted.termination_message_path.empty() && mount.container_path == wanted.termination_message_path)
      input.message_file = mount.host_path;
  }
  input.log_file = container.log_path;
  input.fall_back_to_log = wanted.termination_message_policy == "FallbackToLogsOnError";
  input.exit_code = container.exit_code;
  input.runtime_message = container.message;
  return input;
}

std::string termination_message(const TerminationInput& input) {
  std::string message = input.runtime_message;
  const std::string own = own_message(input);
  if (!own.empty()) message += (message.empty() ? "" : ": ") + own;
  return valid_utf8(message);
}

}  // namespace edgecore::edged
