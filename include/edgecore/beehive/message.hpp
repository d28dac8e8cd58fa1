// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace edgecore::beehive {

/// Identity of a message (protocol/01-tunnel.md §1.1). Times are milliseconds since the Unix epoch.
struct Header {
  std::string id;                ///< UUID v4
  std::string parent_id;         ///< id of the message this one answers, or empty
  std::int64_t timestamp = 0;    ///< creation, UTC ms
  std::string resource_version;  ///< cloud→edge only, informational
  std::string type;              ///< Beehive context type; echoed in answers, else empty
};

/// Source and subject of a message. The words are in names.hpp.
struct Route {
  std::string source;
  std::string group;
  std::string operation;
  std::string resource;  ///< `<namespace>/<type>[/<name>]`, `node/connection`, an MQTT topic …
};

/// One message on the bus and, encoded, on the tunnel. Immutable once sent: it travels as MessagePtr.
struct Message {
  Header header;
  Route route;
  nlohmann::json content;

  /// Result of `weigh`, for the limits of queues; 0: unknown. Set by decode() and by sending.
  std::size_t weight = 0;
};
using MessagePtr = std::shared_ptr<const Message>;

/// The approximate memory of a message in bytes: its strings and JSON nodes with the allocator's overhead.
/// Returns `weight` if known.
[[nodiscard]] std::size_t weigh(const Message& message);
/// Makes a message ready to be sent, with its weight.
[[nodiscard]] MessagePtr share(Message message);

/// A new message with a fresh id and the wall clock's time.
Message make_message(std::string_view source, std::string_view group, std::string_view operation,
                     std::string_view resource, nlohmann::json content);

/// The answer to `request`: parent id set; source, group, resource and type copied; operation `response`
/// (protocol/01-tunnel.md §1.3).
Message make_response(const Message& request, nlohmann::json content);

/// The error answer: parent id and resource copied, operation `error`, content as given: text for the cloud,
/// a metav1.Status object between our modules (docs/messages.md).
Message make_error(const Message& request, std::string_view source, std::string_view group,
                   nlohmann::json content);

/// The JSON text of the tunnel, without a trailing newline. Replaces invalid UTF-8 instead of failing.
/// `timestamp` is a plain integer; empty optional members are omitted.
std::string encode(const Message& message);

/// Parses the first JSON value of `text` and ignores the rest. Integers keep 64 bits. Throws BadInput for
/// invalid JSON, nesting deeper than 200, or members of the wrong type (protocol/01-tunnel.md §1.1).
Message decode(std::string_view text);

/// A parsed resource of the form `<namespace>/<type>[/<name>]`. The name may be empty.
struct ResourcePath {
  std::string ns;
  std::string type;
  std::string name;
};
/// nullopt unless it has two or three non-empty parts.
std::optional<ResourcePath> parse_resource(std::string_view resource);

/// `<ns>/<type>[/<name>]`; an empty namespace is written `null` (cluster scope), an empty name left out.
std::string resource_path(std::string_view ns, std::string_view type, std::string_view name = {});

}  // namespace edgecore::beehive
