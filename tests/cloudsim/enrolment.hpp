// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>

#include "cloudsim/authority.hpp"
#include "cloudsim/faults.hpp"
#include "edgecore/net/http_server.hpp"

namespace edgecore::cloudsim {

/// CloudHub's HTTPS port (protocol/01-tunnel.md §3.3): ca.crt, edge.crt and keadm's two reports, with v1.17's
/// status codes. `authority` and `faults` must outlive it.
class Enrolment {
 public:
  Enrolment(boost::asio::any_io_executor executor, const Authority& authority, const Faults& faults,
            const Clock& clock, std::uint16_t port);

  void start() { server_.start(); }
  boost::asio::awaitable<void> stop() { return server_.stop(); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  void set_tls(std::shared_ptr<const net::TlsContext> tls) { server_.set_tls(std::move(tls)); }

  /// The answer to one request, as the server sends it.
  [[nodiscard]] net::Response answer(const net::Request& request) const;

 private:
  [[nodiscard]] net::Response edge_certificate(const net::Request& request) const;

  const Authority& authority_;
  const Faults& faults_;
  const Clock& clock_;
  net::HttpServer server_;
};

}  // namespace edgecore::cloudsim
