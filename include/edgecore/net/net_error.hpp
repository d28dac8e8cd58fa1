// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/base/error.hpp"

namespace edgecore::net {

/// Kind of a failure on a connection, coarse enough to act upon.
enum class NetFailure {
  kResolve,   ///< the host name has no address (now)
  kConnect,   ///< the address does not answer, or has no route
  kTls,       ///< handshake or certificate check failed; the text says which host and which check
  kTimeout,   ///< one of our time-outs expired
  kClosed,    ///< the peer closed or reset the connection, or we did
  kProtocol,  ///< the peer does not speak HTTP/WebSocket as it should
  kTooLarge   ///< the peer sent more than our limit
};

/// A failed network operation. Its connection cannot be used any more.
///
/// Cancellation (asio, terminal) is not a NetError: then the awaitable functions of this room throw
/// boost::system::system_error with boost::asio::error::operation_aborted, as Asio's do.
class NetError : public Error {
 public:
  NetError(NetFailure failure, const std::string& sentence) : Error(sentence), failure_(failure) {}
  [[nodiscard]] NetFailure failure() const noexcept { return failure_; }

 private:
  NetFailure failure_;
};

}  // namespace edgecore::net
