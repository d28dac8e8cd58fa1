// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/config/kubelet.hpp"
#include "edgecore/cri/runtime.hpp"
#include "edged/logs/log_files.hpp"

namespace edgecore::edged {

/// From containerLogMaxSize and containerLogMaxFiles; a negative size turns rotation off. Throws BadInput if
/// the size is not a quantity.
LogRotationPolicy log_rotation_policy(const config::TailoredKubeletConfig& config);

/// Rotates the logs of running containers by size. Reads only file sizes every `period`; calls the runtime
/// only to reopen a log. Part of edged; belongs to its thread.
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
    /// Running containers, from what edged knows already. If there are none, nothing is read.
    std::function<std::vector<RunningLog>()> running;
    std::filesystem::path pod_logs = "/var/log/pods";  ///< logs elsewhere are left alone
    std::chrono::milliseconds period = std::chrono::seconds(10);
  };
  explicit LogRotation(Deps deps);

  /// Runs until cancelled. Throws only when cancelled.
  boost::asio::awaitable<void> run();

  /// Checks all logs once. The failure of one log is logged and does not affect the others.
  boost::asio::awaitable<void> rotate_all();

 private:
  boost::asio::awaitable<void> rotate(RunningLog one);
  void forget_ended(const std::vector<RunningLog>& running);
  void complain(const RunningLog& about, const std::string& why);

  Deps deps_;
  async::Event wakeup_;
  std::map<std::string, log::Quiet> complaints_;  ///< by container id
  log::Quiet pass_complaints_;
};

}  // namespace edgecore::edged
