// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/local_address.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "edgecore/base/error.hpp"

namespace edgecore::net {
namespace {

constexpr std::size_t kAnswerBytes = 8192;
constexpr timeval kAnswerWithin{5, 0};

/// An address in the kernel's form.
struct RawAddress {
  int family = AF_INET;
  std::string bytes;
};

RawAddress parse_address(const std::string& ip) {
  std::array<char, sizeof(in6_addr)> raw{};
  if (::inet_pton(AF_INET, ip.c_str(), raw.data()) == 1)
    return {AF_INET, std::string(raw.data(), sizeof(in_addr))};
  if (::inet_pton(AF_INET6, ip.c_str(), raw.data()) == 1)
    return {AF_INET6, std::string(raw.data(), sizeof(in6_addr))};
  throw BadInput("\"" + ip + "\" is not an IP address.");
}

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// One request of rtnetlink, put together piece by piece: header, fixed part, attributes.
class RouteRequest {
 public:
  template <class Fixed>
  RouteRequest(unsigned short type, unsigned short flags, const Fixed& fixed) {
    nlmsghdr head{};
    head.nlmsg_type = type;
    head.nlmsg_flags = static_cast<unsigned short>(NLM_F_REQUEST | NLM_F_ACK | flags);
    head.nlmsg_seq = 1;
    append(bytes_of(head));
    append(bytes_of(fixed));
  }

  void attribute(int type, std::string_view value) { append(attribute_text(type, value)); }

  /// An encoded attribute with padding.
  static std::string attribute_text(int type, std::string_view value) {
    rtattr head{};
    head.rta_type = static_cast<unsigned short>(type);
    head.rta_len = static_cast<unsigned short>(RTA_LENGTH(value.size()));
    std::string out(bytes_of(head));
    out += value;
    out.resize(RTA_ALIGN(out.size()), '\0');
    return out;
  }

  [[nodiscard]] std::string text() const {
    std::string out = text_;
    const auto size = static_cast<std::uint32_t>(out.size());
    std::memcpy(out.data() + offsetof(nlmsghdr, nlmsg_len), &size, sizeof size);
    return out;
  }

 private:
  void append(std::string_view bytes) {
    text_ += bytes;
    text_.resize(NLMSG_ALIGN(text_.size()), '\0');
  }
  std::string text_;
};

class RouteSocket {
 public:
  RouteSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    if (fd_ < 0) throw SystemError("The kernel gives no netlink socket to set addresses with", errno);
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kAnswerWithin, sizeof kAnswerWithin);
  }
  RouteSocket(const RouteSocket&) = delete;
  RouteSocket& operator=(const RouteSocket&) = delete;
  ~RouteSocket() { ::close(fd_); }

  /// Sends the request and returns the kernel's answer: 0 or an errno value.
  [[nodiscard]] int ask(const RouteRequest& request) const {
    const std::string text = request.text();
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (::sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                 sizeof kernel) < 0)
      return errno;
    for (;;) {
      alignas(nlmsghdr) std::array<char, kAnswerBytes> buffer;
      sockaddr_nl from{};
      socklen_t from_size = sizeof from;
      const ssize_t size =
          ::recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return errno;
      if (from.nl_pid != 0) continue;  // not from the kernel
      if (const auto answer = acknowledgement({buffer.data(), static_cast<std::size_t>(size)}))
        return *answer;
    }
  }

 private:
  static std::optional<int> acknowledgement(std::string_view datagram) {
    nlmsghdr head{};
    nlmsgerr error{};
    if (datagram.size() < NLMSG_HDRLEN + sizeof error) return std::nullopt;
    std::memcpy(&head, datagram.data(), sizeof head);
    if (head.nlmsg_type != NLMSG_ERROR || head.nlmsg_seq != 1) return std::nullopt;
    std::memcpy(&error, datagram.data() + NLMSG_HDRLEN, sizeof error);
    return -error.error;
  }
  int fd_;
};

unsigned index_of(const std::string& link) {
  const unsigned index = ::if_nametoindex(link.c_str());
  if (index == 0) throw SystemError("There is no network link " + link, errno);
  return index;
}

bool has(const ifaddrs& one, const RawAddress& address) {
  if (one.ifa_addr == nullptr || (one.ifa_flags & IFF_UP) == 0U || one.ifa_addr->sa_family != address.family)
    return false;
  if (address.family == AF_INET)
    return bytes_of(reinterpret_cast<const sockaddr_in*>(one.ifa_addr)->sin_addr) == address.bytes;
  return bytes_of(reinterpret_cast<const sockaddr_in6*>(one.ifa_addr)->sin6_addr) == address.bytes;
}

}  // namespace

bool has_address(const std::string& ip) {
  const RawAddress address = parse_address(ip);
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0)
    throw SystemError("The addresses of this machine could not be listed", errno);
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(found, ::freeifaddrs);
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next)
    if (has(*one, address)) return true;
  return false;
}

bool add_dummy_link(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ)
    throw BadInput("\"" + name + "\" is not a valid name for a network link.");
  if (::if_nametoindex(name.c_str()) != 0) return true;
  const std::string kind = RouteRequest::attribute_text(IFLA_INFO_KIND, "dummy");
  RouteRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.attribute(IFLA_IFNAME, std::string_view(name.c_str(), name.size() + 1));
  request.attribute(IFLA_LINKINFO, kind);
  const int error = RouteSocket().ask(request);
  if (error == 0 || error == EEXIST) return true;
  if (error == EOPNOTSUPP || error == ENODEV) return false;
  throw SystemError("The network link " + name + " cannot be made", error);
}

void set_link_up(const std::string& name) {
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(index_of(name));
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  if (const int error = RouteSocket().ask(RouteRequest(RTM_NEWLINK, 0, link)); error != 0)
    throw SystemError("The network link " + name + " cannot be set up", error);
}

void add_host_address(const std::string& link, const std::string& ip) {
  const RawAddress address = parse_address(ip);
  ifaddrmsg what{};
  what.ifa_family = static_cast<unsigned char>(address.family);
  what.ifa_prefixlen = static_cast<unsigned char>(address.bytes.size() * 8);
  what.ifa_flags = IFA_F_NODAD;  // a link without traffic needs no duplicate address detection
  what.ifa_scope = link == "lo" ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  what.ifa_index = index_of(link);
  RouteRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, what);
  request.attribute(IFA_LOCAL, address.bytes);
  request.attribute(IFA_ADDRESS, address.bytes);
  const int error = RouteSocket().ask(request);
  if (error != 0 && error != EEXIST)
    throw SystemError("The address " + ip + " cannot be given to the network link " + link, error);
}

}  // namespace edgecore::net
