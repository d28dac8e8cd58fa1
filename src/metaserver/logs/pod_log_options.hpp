// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/url.hpp"

/// The query of `…/pods/<name>/log` (v1.PodLogOptions) and the container that it means. Pure functions.
namespace edgecore::metaserver {

struct PodLogOptions {
  enum class Stream { kAll, kStdout, kStderr };
  std::string container;  ///< "": the only one there is
  bool follow = false;
  bool previous = false;    ///< the log of the container before the one that runs
  bool timestamps = false;  ///< each line begins with its time
  std::optional<std::int64_t> since_seconds;
  std::optional<WallTime> since_time;
  std::optional<std::uint64_t> tail_lines;   ///< whole lines, however many pieces they were written in
  std::optional<std::uint64_t> limit_bytes;  ///< the most that is sent, times included
  Stream stream = Stream::kAll;

  /// Lines older than this are left out. Pass the time of the request.
  [[nodiscard]] std::optional<WallTime> since(WallTime now) const;
};

/// Reads a request's query, for the pod of that name. Throws ApiError as the API server does: 400 for a
/// malformed value, 422 for a senseless one. Ignores `pretty` and `insecureSkipTLSVerifyBackend`.
PodLogOptions parse_log_options(const net::Target& target, std::string_view pod);

/// The container whose log is read: one that was started.
struct LogTarget {
  std::string ns, pod, uid;
  std::string container;
  std::string container_id;  ///< "containerd://…", as the status has it
  std::uint32_t number = 0;  ///< how many times it was started before: names the file
  bool running = false;      ///< when this was made
};

/// Chooses the container by the pod's spec and status (the merged one, with what this node last reported).
/// Throws ApiError with the sentences of API server and kubelet.
LogTarget find_log_target(const Json& pod, const PodLogOptions& options);

/// Whether that container still runs, by a newer state of the pod (null: it is gone).
bool still_runs(const Json& pod, const LogTarget& target);

}  // namespace edgecore::metaserver
