// SPDX-License-Identifier: Apache-2.0
#include "edged/logs/log_rotation.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "edgecore/async/attempt.hpp"
#include "edgecore/async/on_pool.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/quantity.hpp"
#include "edged/logs/log_files.hpp"
#include "edged/spec/log_paths.hpp"

namespace edgecore::edged {
namespace {

/// A log's size; kMissing if it does not exist, kUnseen if it cannot be read.
struct Seen {
  enum class Kind { kThere, kMissing, kUnseen } kind = Kind::kUnseen;
  std::uint64_t size = 0;
};

std::vector<Seen> look_at(const std::vector<std::string>& paths) {
  std::vector<Seen> out;
  for (const auto& path : paths) {
    struct ::stat about {};
    if (::stat(path.c_str(), &about) == 0) {
      out.push_back({Seen::Kind::kThere, static_cast<std::uint64_t>(about.st_size)});
    } else {
      out.push_back({errno == ENOENT ? Seen::Kind::kMissing : Seen::Kind::kUnseen, 0});
    }
  }
  return out;
}

}  // namespace

LogRotationPolicy log_rotation_policy(const config::TailoredKubeletConfig& config) {
  LogRotationPolicy policy;
  const auto size = kube::Quantity::parse(config.container_log_max_size, "containerLogMaxSize");
  policy.max_size = size.is_negative() ? 0 : static_cast<std::uint64_t>(size.value());
  policy.max_files = config.container_log_max_files.value_or(policy.max_files);
  if (policy.max_files < 2)
    throw BadInput(
        fmt::format("containerLogMaxFiles is {}, but must be at least 2: the log and one rotated file",
                    policy.max_files));
  return policy;
}

LogRotation::LogRotation(Deps deps) : deps_(std::move(deps)), wakeup_(deps_.executor) {}

boost::asio::awaitable<void> LogRotation::run() {
  if (deps_.policy.max_size == 0) co_await wakeup_.sleep();
  for (;;) {
    const auto next = steady_now() + deps_.period;
    co_await wakeup_.sleep_until(next);
    try {
      co_await rotate_all();
    } catch (const Error& error) {  // from the pool; failures of single logs are logged with their names
      if (pass_complaints_.now()) deps_.log->warn("container logs could not be looked at: {}", error.what());
    }
  }
}

boost::asio::awaitable<void> LogRotation::rotate_all() {
  std::vector<RunningLog> logs = deps_.running();
  std::erase_if(logs, [&](const RunningLog& one) { return !is_below(one.path, deps_.pod_logs); });
  forget_ended(logs);
  if (logs.empty()) co_return;
  std::vector<std::string> paths;
  for (const auto& one : logs) paths.push_back(one.path);
  auto look = [paths = std::move(paths)] { return look_at(paths); };
  const auto seen = co_await async::on_pool(deps_.pool, std::move(look));
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const bool full = seen[i].kind == Seen::Kind::kThere && seen[i].size >= deps_.policy.max_size;
    const bool missing = seen[i].kind == Seen::Kind::kMissing;
    if (!full && !missing) continue;
    try {
      if (full) co_await rotate(logs[i]);
      if (missing) co_await deps_.runtime.reopen_container_log(logs[i].container_id);
      complaints_.erase(logs[i].container_id);
    } catch (const Error& error) {
      complain(logs[i], error.what());
    }
  }
  pass_complaints_.reset();
}

boost::asio::awaitable<void> LogRotation::rotate(RunningLog one) {
  auto aside = [path = one.path, policy = deps_.policy, now = deps_.clock.wall()] {
    return move_log_aside(path, policy, now);
  };
  const auto moved = co_await async::on_pool(deps_.pool, std::move(aside));
  for (const auto& complaint : moved.complaints) deps_.log->warn("{}", complaint);
  const Outcome<void> reopened =
      co_await async::attempt(deps_.runtime.reopen_container_log(one.container_id));
  if (reopened) co_return;
  auto back = [rotated = moved.path, path = one.path] { move_log_back(rotated, path); };
  co_await async::on_pool(deps_.pool, std::move(back));
  reopened.failure().raise();
}

void LogRotation::forget_ended(const std::vector<RunningLog>& running) {
  if (complaints_.empty()) return;
  std::set<std::string> ids;
  for (const auto& one : running) ids.insert(one.container_id);
  std::erase_if(complaints_, [&](const auto& entry) { return !ids.contains(entry.first); });
}

void LogRotation::complain(const RunningLog& about, const std::string& why) {
  if (complaints_[about.container_id].now())
    deps_.log->warn("the container log {} could not be rotated: {}", log::quote(about.path), why);
}

}  // namespace edgecore::edged
