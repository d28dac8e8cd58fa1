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

/// Calls of HTTP services on this node as the cloud writes them down (protocol/04-devices.md §5.5). Pure
/// functions.
namespace edgecore::servicebus {

/// What is read of a service's answer; the rest is left out, as the cloud expects it of a node.
inline constexpr std::size_t kAnswerBytes = 5'000'000;
/// What a request's headers may take together, names and values.
inline constexpr std::size_t kHeaderBytes = std::size_t{64} * 1024;
/// The same for path and query.
inline constexpr std::size_t kTargetBytes = std::size_t{64} * 1024;

/// What is asked of a service.
struct ServiceRequest {
  net::Url url;  ///< of this host
  std::string method;
  net::Headers headers;
  std::string body;
};

/// What the cloud is told.
struct ServiceAnswer {
  int status = 200;
  net::Headers headers;
  std::string body;
};

/// An answer that no service gave; `text` is its body.
[[nodiscard]] ServiceAnswer refusal(int status, std::string text);

/// Reads a message. What is no call comes back as the answer that says so. The content may be an object or
/// its JSON text; the port and the path are the resource's: a path that does not begin with '/' is refused,
/// so that `8080:@elsewhere/` calls nobody else. Headers that concern one connection only, Host and
/// Content-Length are left out: the client sets its own.
[[nodiscard]] std::variant<ServiceRequest, ServiceAnswer> read_service_request(
    const beehive::Message& message);

/// The content of the message to the cloud: names in Go's spelling, each with the list of its values; bytes
/// as base64. Headers that concern one connection only are left out.
[[nodiscard]] Json answer_content(const ServiceAnswer& answer);

/// What to ask next after an answer to `request`; nullopt when the answer is no redirect, or leads away from
/// plain HTTP on this host: then whoever asked sees it as it is. A rule lets the cloud use one service, and a
/// service must not turn that into a way to other machines of the site. Credentials go along only to the same
/// host and port.
[[nodiscard]] std::optional<ServiceRequest> follow_redirect(const ServiceRequest& request, int status,
                                                            const net::Headers& answer);

}  // namespace edgecore::servicebus
