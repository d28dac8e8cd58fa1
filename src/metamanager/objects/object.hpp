// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "edgecore/kube/identity.hpp"
#include "edgecore/kube/json.hpp"

/// Reads a Kubernetes object before it is stored or handed on. Pure functions.
namespace edgecore::metamanager {

using kube::Identity;
using kube::identity_of;
using kube::is_older;

/// The content of a message as a JSON value: an object, or a string that holds JSON, which Go treats alike
/// (protocol/01-tunnel.md §1.4). Null for anything else.
[[nodiscard]] Json decoded_content(const Json& content);

/// Like decoded_content, but without a copy: the object in a message is read in place, and copied only to be
/// changed. A view of `content`, which must outlive it.
class PushedObject {
 public:
  explicit PushedObject(const Json& content);
  /// Owns an object that is not part of a message.
  static PushedObject of(Json object);

  [[nodiscard]] const Json& operator*() const { return copy_ ? *copy_ : *original_; }
  [[nodiscard]] const Json* operator->() const { return &**this; }
  /// True if it was not copied.
  [[nodiscard]] bool is_original() const { return !copy_; }
  /// The object to change; copies it first.
  Json& edit();
  /// Moves the object out; copies it if it is the message's.
  Json release() { return std::move(edit()); }

 private:
  PushedObject() = default;
  const Json* original_ = nullptr;
  std::optional<Json> copy_;
};

/// Fills in missing `kind` and `apiVersion` from the resource's type token ("configmap"). Leaves objects of
/// unknown types as they are. SyncController's updates have neither member.
void fill_kind(Json& object, std::string_view type);

/// Whether a stored text or an answer is a Kubernetes object: a JSON object with a kind and a metadata.name.
/// Rows of the Go edge may hold error shapes instead (protocol/02-metamanager.md §10.1).
[[nodiscard]] bool is_servable(const Json& object);

/// The object of a stored row, `kind` filled in by its type; nullopt when it is not servable.
[[nodiscard]] std::optional<Json> read_row(std::string_view text, std::string_view type);

}  // namespace edgecore::metamanager
