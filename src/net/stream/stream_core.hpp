// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/base/clock.hpp"
#include "net/crypto/openssl.hpp"
#include "net/stream/stream.hpp"

namespace edgecore::net {

/// State shared by the copies of a Stream.
struct Stream::Core {
  explicit Core(Socket connected) : socket(std::move(connected)) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  Socket socket;
  SslPtr ssl;
  X509Ptr refused;                        ///< the peer's certificate if it failed a check
  std::shared_ptr<const TlsContext> tls;  ///< kept for the SSL's context
  std::string host;                       ///< for error texts
  std::string tls_failure;                ///< OpenSSL's text of the last TLS error
  std::string pushed_back;
  std::optional<std::uint64_t> read_limit;
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  SteadyTime last_read = steady_now();
  bool closed = false;
  bool expired = false;

  /// recv and send that update the counters; -1 with errno.
  ssize_t receive(const Regions& regions);
  ssize_t transmit(const Regions& regions);

  /// One non-blocking attempt.
  Attempt attempt(Direction direction, const Regions& regions);
  Attempt attempt_plain(Direction direction, const Regions& regions);
  Attempt attempt_tls(Direction direction, const Regions& regions);
  Attempt ssl_outcome(int result);
};

}  // namespace edgecore::net
