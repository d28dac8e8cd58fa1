// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "metaserver/access/client_certificates.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"

namespace edgecore::metaserver {

using UserPtr = std::shared_ptr<const User>;

/// Finds the user of a request, by the node's client certificate or a service account token, and refuses
/// what the user may not do. Owned by the Api, on the module's thread.
class Identity {
 public:
  explicit Identity(const ApiParts& parts);
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  /// The user of a request, by its head. Throws ApiError: 401, or 429 after too many bad tokens.
  boost::asio::awaitable<UserPtr> identify(const net::Request& head);
  /// Throws ApiError (403) if the user may not do what the request asks for.
  void permit(const net::Request& head, const RequestInfo& info, const User& user);
  /// Whether the client of a stream is still known and may still do what it does.
  [[nodiscard]] bool may_go_on(const Call& call);
  /// Whose limits count for a request: the user's, or the address's with the gate off.
  [[nodiscard]] std::string client_of(const net::Request& head, const User& user) const;

 private:
  [[nodiscard]] UserPtr user_of_certificate(const net::Request& request);
  boost::asio::awaitable<Authentication> authenticate(const net::Request& request);
  boost::asio::awaitable<bool> fetch_account(std::string_view authorization);
  [[nodiscard]] bool runs_pods_of(std::string_view ns) const;
  void expect_may_log_in(const net::Request& request) const;
  void deny(const Denial& denial);
  [[noreturn]] void refuse_unknown(const net::Request& request, std::string_view why);

  const ApiParts& parts_;
  UserPtr admin_;  ///< everybody, with the gate off
  ClientCertificates certificates_;
};

}  // namespace edgecore::metaserver
