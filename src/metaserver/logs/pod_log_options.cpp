// SPDX-License-Identifier: Apache-2.0
#include "metaserver/logs/pod_log_options.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/headers.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

constexpr const char* kInvalidValue = "FieldValueInvalid";
constexpr const char* kForbidden = "FieldValueForbidden";
constexpr const char* kNotSupported = "FieldValueNotSupported";

/// A flag in a query, by the API's rules: present means true unless the value says otherwise.
bool flag(const net::Target& target, std::string_view key) {
  const auto value = target.find(key);
  return value && *value != "0" && !iequals(*value, "false");
}

std::optional<std::int64_t> number(const net::Target& target, std::string_view key) {
  const auto text = target.find(key);
  if (!text) return std::nullopt;
  const auto value = to_number<std::int64_t>(*text);
  if (!value)
    bad_request(fmt::format("The query parameter {} is not a whole number: \"{}\"", key, log::quote(*text)));
  return value;
}

kube::StatusCause at_least(const char* field, std::int64_t value, const char* rule) {
  return {kInvalidValue, fmt::format("Invalid value: {}: must be greater than {}", value, rule), field};
}

PodLogOptions::Stream stream(const net::Target& target, std::vector<kube::StatusCause>& causes) {
  const std::string name = target.find("stream").value_or("All");
  if (name == "Stdout") return PodLogOptions::Stream::kStdout;
  if (name == "Stderr") return PodLogOptions::Stream::kStderr;
  if (name != "All") {
    causes.push_back(
        {kNotSupported,
         fmt::format("Unsupported value: \"{}\": supported values: \"All\", \"Stderr\", \"Stdout\"",
                     log::quote(name)),
         "stream"});
  }
  return PodLogOptions::Stream::kAll;
}

std::vector<std::string> names_in(const Json& pod, const char* list) {
  std::vector<std::string> names;
  for (const auto& one : kube::array_or_empty(pod, list)) names.push_back(kube::string_or(one, "name"));
  return names;
}

std::string name_list(const std::vector<std::string>& names) {
  return fmt::format("[{}]", fmt::join(names, " "));
}

std::string choose_container(const Json& pod, const std::string& pod_name, const std::string& wanted) {
  const auto containers = names_in(pod, "spec.containers");
  const auto init = names_in(pod, "spec.initContainers");
  if (wanted.empty()) {
    if (containers.size() == 1) return containers.front();
    std::string why = "a container name must be specified for pod " + pod_name;
    if (!containers.empty()) why += ", choose one of: " + name_list(containers);
    if (!containers.empty() && !init.empty()) why += " or one of the init containers: " + name_list(init);
    bad_request(why);
  }
  for (const auto& list : {containers, init, names_in(pod, "spec.ephemeralContainers")}) {
    if (std::find(list.begin(), list.end(), wanted) != list.end()) return wanted;
  }
  bad_request(fmt::format("container {} is not valid for pod {}", log::quote(wanted), pod_name));
}

const Json* status_of(const Json& pod, std::string_view container) {
  for (const char* list :
       {"status.containerStatuses", "status.initContainerStatuses", "status.ephemeralContainerStatuses"}) {
    for (const auto& one : kube::array_or_empty(pod, list)) {
      if (kube::string_or(one, "name") == container) return &one;
    }
  }
  return nullptr;
}

[[noreturn]] void refuse_waiting(const Json& status, const std::string& which) {
  if (kube::find_path(status, "state.waiting") == nullptr)
    bad_request(which + " is waiting to start - no logs yet");
  const std::string reason = kube::string_or(status, "state.waiting.reason");
  if (reason == "ErrImagePull") bad_request(which + " is waiting to start: image can't be pulled");
  if (reason == "ImagePullBackOff")
    bad_request(which + " is waiting to start: trying and failing to pull image");
  bad_request(which + " is waiting to start: " + reason);
}

}  // namespace

std::optional<WallTime> PodLogOptions::since(WallTime now) const {
  if (since_time) return since_time;
  if (!since_seconds) return std::nullopt;
  constexpr std::int64_t kMost = std::int64_t{100} * 365 * 24 * 3600;
  return now - std::chrono::seconds(std::min(*since_seconds, kMost));
}

PodLogOptions parse_log_options(const net::Target& target, std::string_view pod) {
  PodLogOptions options;
  options.container = target.find("container").value_or("");
  options.follow = flag(target, "follow");
  options.previous = flag(target, "previous");
  options.timestamps = flag(target, "timestamps");
  options.since_seconds = number(target, "sinceSeconds");
  const auto tail = number(target, "tailLines");
  const auto limit = number(target, "limitBytes");
  if (const auto time = target.find("sinceTime"); time && !time->empty()) {
    options.since_time = kube::parse_time(*time);
    if (!options.since_time)
      bad_request(
          fmt::format("The query parameter sinceTime is not an RFC 3339 time: \"{}\"", log::quote(*time)));
  }
  std::vector<kube::StatusCause> causes;
  if (tail && *tail < 0) causes.push_back(at_least("tailLines", *tail, "or equal to 0"));
  if (limit && *limit < 1) causes.push_back(at_least("limitBytes", *limit, "0"));
  if (options.since_seconds && options.since_time) {
    causes.push_back(
        {kForbidden, "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified", ""});
  } else if (options.since_seconds && *options.since_seconds < 1) {
    causes.push_back(at_least("sinceSeconds", *options.since_seconds, "0"));
  }
  options.stream = stream(target, causes);
  if (!causes.empty()) throw ApiError(kube::Status::invalid("PodLogOptions", pod, std::move(causes)));
  if (tail) options.tail_lines = static_cast<std::uint64_t>(*tail);
  if (limit) options.limit_bytes = static_cast<std::uint64_t>(*limit);
  return options;
}

LogTarget find_log_target(const Json& pod, const PodLogOptions& options) {
  LogTarget target;
  target.ns = kube::string_or(pod, "metadata.namespace");
  target.pod = kube::string_or(pod, "metadata.name");
  target.uid = kube::string_or(pod, "metadata.uid");
  target.container = choose_container(pod, target.pod, options.container);
  const std::string which = fmt::format("container \"{}\" in pod \"{}\"", target.container, target.pod);
  const Json* status = status_of(pod, target.container);
  if (status == nullptr) bad_request(which + " is not available");

  const std::int64_t newest = std::clamp<std::int64_t>(kube::int_or(*status, "restartCount", 0), 0,
                                                       std::numeric_limits<std::uint32_t>::max());
  target.number = static_cast<std::uint32_t>(newest);
  const std::string last = kube::string_or(*status, "lastState.terminated.containerID");
  const bool runs = kube::find_path(*status, "state.running") != nullptr;
  const std::string ended = kube::string_or(*status, "state.terminated.containerID");
  if (options.previous) {
    if (last.empty()) bad_request("previous terminated " + which + " not found");
    target.container_id = last;
    // Without a later start the last one is the newest.
    if ((runs || !ended.empty()) && target.number > 0) --target.number;
  } else if (runs) {
    target.container_id = kube::string_or(*status, "containerID");
    target.running = true;
  } else if (!ended.empty()) {
    target.container_id = ended;
  } else if (!last.empty()) {
    target.container_id = last;
  } else if (kube::find_path(*status, "state.terminated") != nullptr) {
    bad_request(which + " is terminated");
  } else {
    refuse_waiting(*status, which);
  }
  return target;
}

bool still_runs(const Json& pod, const LogTarget& target) {
  if (kube::string_or(pod, "metadata.uid") != target.uid) return false;
  const Json* status = status_of(pod, target.container);
  return status != nullptr && kube::find_path(*status, "state.running") != nullptr &&
         kube::string_or(*status, "containerID") == target.container_id;
}

}  // namespace edgecore::metaserver
