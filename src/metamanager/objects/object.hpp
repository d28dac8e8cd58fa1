// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/kube/identity.hpp"
#include "edgecore/kube/json.hpp"

/// What is read off a Kubernetes object before it is stored or given on. Pure functions.
namespace edgecore::metamanager {

using kube::Identity;
using kube::identity_of;
using kube::is_older;

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
