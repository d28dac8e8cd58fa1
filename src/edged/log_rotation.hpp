#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/wakeup.hpp"
#include "edgecore/config/kubelet.hpp"
#include "edgecore/cri/runtime.hpp"

namespace edgecore::edged {

/// protocol/05-edged.md §1.14 "Log rotation".
struct LogRotationPolicy {
  std::uint64_t max_size = std::uint64_t{10} << 20;  ///< bytes from which a log is rotated; 0 = never
  std::int32_t max_files = 5;  ///< of one container: the live log and rotated ones; at least 2
};
/// From containerLogMaxSize and containerLogMaxFiles; a negative size turns rotation off. Throws BadInput
/// with a sentence for what is no size.
LogRotationPolicy log_rotation_policy(const config::TailoredKubeletConfig& config);

/// What is to be done with the files "<log>.*" beside a log before it is rotated: leftovers of broken-off
/// work and rotated logs beyond the limit go, rotated ones that are plain text are compressed. File names,
/// not paths. Pure.
struct LogHousekeeping {
  std::vector<std::string> remove;
  std::vector<std::string> compress;
  bool operator==(const LogHousekeeping&) const = default;
};
LogHousekeeping plan_log_housekeeping(std::string_view log_name, std::vector<std::string> beside,
                                      const LogRotationPolicy& policy);

/// "<log>.20240610-061320" for `now` (UTC). Later than every rotated name there is, so that a clock set back
/// neither overwrites a rotated log nor makes the newest look like the oldest. Pure.
std::string rotated_log_name(std::string_view log_name, const std::vector<std::string>& beside, WallTime now);

/// `file` → `file`.gz by way of `file`.tmp; then `file` is gone. At any power cut one of the two is whole.
/// Blocks; throws SystemError or Error.
void compress_log(const std::filesystem::path& file);

/// Moves the log aside after the house was kept; the path it has now. The runtime has to reopen the log next.
/// Blocks; throws SystemError, and Error when the log is no plain file.
std::filesystem::path move_log_aside(const std::filesystem::path& log, const LogRotationPolicy& policy,
                                     WallTime now);

/// Puts it back when the runtime did not reopen; does nothing when there is a new log by now. Blocks; throws
/// SystemError.
void move_log_back(const std::filesystem::path& rotated, const std::filesystem::path& log);

/// Keeps the logs of running containers within their size. Looks at nothing but the sizes of the files every
/// `period`; the runtime is only asked when one has to be reopened. Part of edged; belongs to its thread.
class LogRotation {
 public:
  struct RunningLog {
    std::string container_id;
    std::string path;  ///< ContainerStatus.log_path, absolute
  };
  struct Deps {
    cri::Runtime& runtime;
    BlockingPool& pool;
    boost::asio::any_io_executor executor;
    const Clock& clock;
    log::Logger log;
    LogRotationPolicy policy;
    /// Containers that run now, from what edged knows already. Without any, nothing is looked at.
    std::function<std::vector<RunningLog>()> running;
    std::filesystem::path pod_logs = "/var/log/pods";  ///< logs elsewhere are left alone
    std::chrono::milliseconds period = std::chrono::seconds(10);
  };
  explicit LogRotation(Deps deps);

  /// Runs until cancelled. Only cancellation is thrown.
  boost::asio::awaitable<void> run();

  /// One look at all logs. Failures of one log are logged and do not keep others from being rotated.
  boost::asio::awaitable<void> rotate_all();

 private:
  boost::asio::awaitable<void> rotate(RunningLog one);
  boost::asio::awaitable<void> reopen(std::string container_id);
  void complain(const RunningLog& about, const std::string& why);

  Deps deps_;
  beehive::Wakeup wakeup_;
  std::map<std::string, log::Quiet> complaints_;  ///< by container id
};

}  // namespace edgecore::edged
