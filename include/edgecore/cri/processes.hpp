// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string_view>

namespace edgecore::cri {

/// Waits for the main processes of containers and sandboxes in the kernel: their exit is reported at once,
/// and waiting costs nothing. The seam between edged and the kernel; used on one executor's thread.
class Processes {
 public:
  virtual ~Processes() = default;

  class Process {
   public:
    virtual ~Process() = default;
    /// Returns when the process has ended, on the executor of the coroutine that awaits it; call it once.
    /// Throws boost::system::system_error (operation_aborted) when cancelled.
    virtual boost::asio::awaitable<void> ended() = 0;
  };

  /// The process with the runtime's number `pid`, if it belongs to the container or sandbox `id`. nullptr if
  /// it has ended, if the number belongs to another process by now, or if that is unknown: the runtime counts
  /// in another pid namespace, or the kernel is older than 5.3.
  virtual std::unique_ptr<Process> open(std::int64_t pid, std::string_view id) = 0;
};

/// The kernel's processes, by pidfd. A process belongs to a container if the path of its cgroup contains the
/// container's id, as all CRI runtimes name their cgroups.
std::unique_ptr<Processes> make_kernel_processes();

}  // namespace edgecore::cri
