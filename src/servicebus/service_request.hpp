// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "edgecore/beehive/message.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/headers.hpp"
#include "edgecore/net/url.hpp"

/// The cloud's messages for calls of HTTP services on this node (protocol/04-devices.md §5.5). Pure
/// functions.
namespace edgecore::servicebus {

/// Bytes read of a service's answer; the rest is dropped, as the cloud expects of a node.
inline constexpr std::size_t kAnswerBytes = 5'000'000;
/// Limit of a request's headers, names and values together.
inline constexpr std::size_t kHeaderBytes = std::size_t{64} * 1024;
/// Limit of path and query together.
inline constexpr std::size_t kTargetBytes = std::size_t{64} * 1024;

/// A request to a service.
struct ServiceRequest {
  net::Url url;  ///< on this host
  std::string method;
  net::Headers headers;
  std::string body;
};

/// The answer for the cloud.
struct ServiceAnswer {
  int status = 200;
  net::Headers headers;
  std::string body;
};

/// An answer made by this node; `text` is its body.
[[nodiscard]] ServiceAnswer refusal(int status, std::string text);

/// Reads a message; a malformed one returns the error answer. The content may be an object or its JSON text.
/// Port and path come from the resource; a path that does not begin with '/' is refused, so that
/// `8080:@elsewhere/` reaches no other host. Hop-by-hop headers, Host and Content-Length are dropped: the
/// client sets its own.
[[nodiscard]] std::variant<ServiceRequest, ServiceAnswer> read_service_request(
    const beehive::Message& message);

/// The content of the message to the cloud: header names in Go's spelling, each with the list of its values;
/// bytes as base64. Hop-by-hop headers are left out.
[[nodiscard]] Json answer_content(const ServiceAnswer& answer);

/// The request that follows an answer to `request`; nullopt if the answer is not a redirect, or leads away
/// from the service that was called (a port of 127.0.0.1, plain HTTP): the caller then gets the redirect as
/// it is. A rule lets the cloud use one service, which must not open a way to another one: to MetaServer,
/// which answers programs on this node, or to other machines of the site.
[[nodiscard]] std::optional<ServiceRequest> follow_redirect(const ServiceRequest& request, int status,
                                                            const net::Headers& answer);

}  // namespace edgecore::servicebus
