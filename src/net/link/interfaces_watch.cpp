// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/interfaces_watch.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <deque>
#include <map>

#include "edgecore/async/event.hpp"
#include "edgecore/base/error.hpp"
#include "net/link/netlink_messages.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {
namespace {

constexpr std::size_t kNetlinkBytes = 32UL * 1024;

class KernelInterfacesWatch final : public InterfacesWatch {
 public:
  explicit KernelInterfacesWatch(const asio::any_io_executor& executor) : socket_(executor) {
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) throw SystemError("The kernel gives no netlink socket to watch interfaces with", errno);
    socket_.assign(fd);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups =
        RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw SystemError("Interfaces cannot be watched through netlink", errno);
  }

  asio::awaitable<InterfaceEvent> next() override {
    while (ready_.empty()) {
      const auto [error] = co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, kAsResult);
      if (error) throw boost::system::system_error(error);
      receive();
    }
    InterfaceEvent event = std::move(ready_.front());
    ready_.pop_front();
    co_return event;
  }

 private:
  void receive() {
    alignas(nlmsghdr) std::array<char, kNetlinkBytes> buffer;
    sockaddr_nl from{};
    iovec piece{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    const ssize_t size = ::recvmsg(socket_.native_handle(), &message, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0 && errno != ENOBUFS)
      throw SystemError("Interface changes cannot be read from netlink", errno);
    if (size < 0 || (message.msg_flags & MSG_TRUNC) != 0) {
      ready_.push_back({InterfaceChange::kLost, {}, {}});
      return;
    }
    if (from.nl_pid != 0) return;  // not from the kernel
    for (auto& event : parse_netlink({buffer.data(), static_cast<std::size_t>(size)}, links_))
      ready_.push_back(std::move(event));
  }

  asio::posix::stream_descriptor socket_;
  LinkStates links_;
  std::deque<InterfaceEvent> ready_;
};

}  // namespace

std::unique_ptr<InterfacesWatch> watch_interfaces(asio::any_io_executor executor) {
  return std::make_unique<KernelInterfacesWatch>(executor);
}

struct FakeInterfacesWatch::Impl {
  explicit Impl(const asio::any_io_executor& executor) : changed(executor) {}
  async::Event changed;
  std::deque<InterfaceEvent> events;
};

FakeInterfacesWatch::FakeInterfacesWatch(asio::any_io_executor executor)
    : impl_(std::make_unique<Impl>(executor)) {}
FakeInterfacesWatch::~FakeInterfacesWatch() = default;

asio::awaitable<InterfaceEvent> FakeInterfacesWatch::next() {
  while (impl_->events.empty()) co_await impl_->changed.sleep();
  InterfaceEvent event = std::move(impl_->events.front());
  impl_->events.pop_front();
  co_return event;
}

void FakeInterfacesWatch::push(InterfaceEvent event) {
  impl_->events.push_back(std::move(event));
  impl_->changed.notify();
}

std::vector<LocalAddress> local_addresses() {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0)
    throw SystemError("The addresses of this machine could not be listed", errno);
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(found, ::freeifaddrs);
  std::vector<LocalAddress> out;
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0U || (one->ifa_flags & IFF_LOOPBACK) != 0U)
      continue;
    const int family = one->ifa_addr->sa_family;
    const void* bytes = nullptr;
    if (family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    if (family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    if (bytes == nullptr || !is_global(family, bytes)) continue;
    out.push_back({one->ifa_name, address_text(family, bytes), family == AF_INET6});
  }
  return out;
}

std::optional<std::string> source_address(const std::string& towards) {
  error_code error;
  const auto address = asio::ip::make_address(towards, error);
  if (error) throw BadInput("\"" + towards + "\" is not an IP address.");
  const asio::ip::udp::endpoint target(address, 9);
  const int fd = ::socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  asio::ip::udp::endpoint source;
  auto size = static_cast<socklen_t>(source.capacity());
  // Connecting a datagram socket sends nothing: the kernel only chooses the route.
  const bool chosen = ::connect(fd, target.data(), static_cast<socklen_t>(target.size())) == 0 &&
                      ::getsockname(fd, source.data(), &size) == 0;
  ::close(fd);
  if (!chosen || source.address().is_unspecified()) return std::nullopt;
  return source.address().to_string();
}

}  // namespace edgecore::net
