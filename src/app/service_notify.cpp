// SPDX-License-Identifier: Apache-2.0
#include "app/service_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "edgecore/base/ascii.hpp"

namespace edgecore::app {
namespace {

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value != nullptr ? value : "";
  ::unsetenv(name);
  return taken;
}

}  // namespace

ServiceNotify::ServiceNotify() : socket_(take_variable("NOTIFY_SOCKET")) {
  const std::string pid = take_variable("WATCHDOG_PID");
  const auto period = to_number<long long>(take_variable("WATCHDOG_USEC"));
  const bool ours = pid.empty() || to_number<long long>(pid) == static_cast<long long>(::getpid());
  if (period && *period > 1 && ours) watchdog_ = std::chrono::microseconds(*period / 2);
}

void ServiceNotify::send(const std::string& state) const {
  if (socket_.empty()) return;
  sockaddr_un address{};
  if (socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract name
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  static_cast<void>(::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length));
  ::close(fd);
}

}  // namespace edgecore::app
