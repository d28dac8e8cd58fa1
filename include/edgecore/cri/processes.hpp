// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string_view>

namespace edgecore::cri {

/// The main processes of containers and sandboxes as the kernel has them: their ends are told at once and
/// cost nothing while they run. The seam between edged and the kernel; used on one executor's thread.
class Processes {
 public:
  virtual ~Processes() = default;

  class Process {
   public:
    virtual ~Process() = default;
    /// Returns when it has ended, on the executor of the coroutine that awaits it; called once. Throws
    /// boost::system::system_error (operation_aborted) when that is cancelled.
    virtual boost::asio::awaitable<void> ended() = 0;
  };

  /// The process of that number as the runtime told it, if it belongs to the container or sandbox `id`.
  /// nullptr when it has ended, when the number is another process's by now, and when that cannot be said:
  /// the runtime counts in another pid namespace, or the kernel is older than 5.3.
  virtual std::unique_ptr<Process> open(std::int64_t pid, std::string_view id) = 0;
};

/// The real ones, by pidfd. A process belongs to a container when the path of its cgroup has the container's
/// id in it, as all runtimes for the CRI name their cgroups.
std::unique_ptr<Processes> make_kernel_processes();

}  // namespace edgecore::cri
