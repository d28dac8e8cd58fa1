// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/processes.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <string>

#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::cri {
namespace {

constexpr std::size_t kMostCgroupBytes = 64 * 1024;

bool has_ended(int pidfd) {
  pollfd end{pidfd, POLLIN, 0};
  return ::poll(&end, 1, 0) != 0;
}

bool is_in_cgroup_of(std::int64_t pid, std::string_view id) {
  try {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/cgroup", kMostCgroupBytes);
    return text && !id.empty() && text->find(id) != std::string::npos;
  } catch (const Error&) {
    return false;
  }
}

class KernelProcess final : public Processes::Process {
 public:
  explicit KernelProcess(FileDescriptor pidfd) : pidfd_(std::move(pidfd)) {}

  boost::asio::awaitable<void> ended() override {
    boost::asio::posix::stream_descriptor end(co_await boost::asio::this_coro::executor, pidfd_.release());
    co_await end.async_wait(boost::asio::posix::descriptor_base::wait_read, boost::asio::use_awaitable);
  }

 private:
  FileDescriptor pidfd_;
};

class KernelProcesses final : public Processes {
 public:
  std::unique_ptr<Process> open(std::int64_t pid, std::string_view id) override {
    if (pid <= 0 || pid > std::numeric_limits<pid_t>::max()) return nullptr;
    FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
    if (!pidfd.valid()) return nullptr;
    // While the descriptor's process lives, its pid belongs to no other process: the cgroup read in between
    // is its own.
    if (!is_in_cgroup_of(pid, id) || has_ended(pidfd.get())) return nullptr;
    return std::make_unique<KernelProcess>(std::move(pidfd));
  }
};

}  // namespace

std::unique_ptr<Processes> make_kernel_processes() {
  return std::make_unique<KernelProcesses>();
}

}  // namespace edgecore::cri
