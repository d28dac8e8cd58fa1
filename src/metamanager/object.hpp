#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"

/// What is read off a Kubernetes object before it is stored or given on. Pure functions.
namespace edgecore::metamanager {

/// Which object it is and how new (metadata.uid, resourceVersion, creationTimestamp).
struct Identity {
  std::string uid;                                ///< "" when it has none
  std::optional<std::uint64_t> resource_version;  ///< nullopt when absent or not a number
  std::optional<WallTime> created;
};
[[nodiscard]] Identity identity_of(const Json& object);

/// True when `incoming` must not replace `stored`: the same uid with a lower resourceVersion, or an earlier
/// object of the same name (protocol/02-metamanager.md §10.6; deletes and re-creations may arrive in either
/// order, §7). Unknown versions or times are never older.
[[nodiscard]] bool is_older(const Identity& incoming, const Identity& stored);

/// The content of a message as a JSON value: an object, or a string that holds JSON, which Go treats alike
/// (protocol/01-tunnel.md §1.4). Null for anything else.
[[nodiscard]] Json decoded_content(const Json& content);

/// Puts `kind` and `apiVersion` where they are missing, taken from the type token of the resource
/// ("configmap"); leaves objects of unknown types alone. SyncController's updates have neither.
void fill_kind(Json& object, std::string_view type);

/// Whether a stored text or an answer is an object worth serving: a JSON object with a kind and a
/// metadata.name. Rows of the Go edge may hold error shapes instead (protocol/02-metamanager.md §10.1).
[[nodiscard]] bool is_servable(const Json& object);

/// The object of a stored row, `kind` filled in by its type; nullopt when it is not servable.
[[nodiscard]] std::optional<Json> read_row(std::string_view text, std::string_view type);

}  // namespace edgecore::metamanager
