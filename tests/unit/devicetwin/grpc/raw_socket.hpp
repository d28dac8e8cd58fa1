// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/eventually.hpp"

namespace edgecore::devicetwin {

using test::eventually;

/// A socket without gRPC, for a misbehaving client or server.
class RawSocket {
 public:
  RawSocket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) throw std::runtime_error("no socket");
  }
  explicit RawSocket(int fd) : fd_(fd) {}
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  RawSocket(RawSocket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  ~RawSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  void connect(const std::filesystem::path& path) const {
    const auto address = address_of(path);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      throw std::runtime_error("connect: " + std::string(std::strerror(errno)));
  }
  void listen(const std::filesystem::path& path, int backlog) const {
    const auto address = address_of(path);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(fd_, backlog) != 0)
      throw std::runtime_error("listen: " + std::string(std::strerror(errno)));
  }
  [[nodiscard]] RawSocket accept() const { return RawSocket(::accept(fd_, nullptr, nullptr)); }
  void send(const std::string& bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send failed");
  }
  /// Reads until the other side closes; false if it has not after 5 s.
  [[nodiscard]] bool drain() const {
    const timeval limit{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    char bytes[4096];
    ssize_t got = 0;
    do got = ::recv(fd_, bytes, sizeof(bytes), 0);
    while (got > 0);
    return got == 0 || errno == ECONNRESET;
  }

 private:
  static sockaddr_un address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof(address.sun_path)) throw std::runtime_error("path too long");
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
  }

  int fd_;
};

}  // namespace edgecore::devicetwin
