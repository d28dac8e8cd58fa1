// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/status.hpp"

namespace edgecore::kube {

/// What the content of a cloud reply means once its shapes are told apart (protocol/01-tunnel.md §1.5,
/// protocol/02-metamanager.md §2.6, §10.1, §10.2). Only `Object` may ever be stored as an object.
enum class ReplyKind {
  kObject,   ///< `object` holds a Kubernetes object, bare or taken out of {"Object":…,"Err":null}
  kDone,     ///< "OK": success without an object
  kRefused,  ///< a Kubernetes API answered with an error; `status` is that answer and is final for this
             ///< request
  kBroken,  ///< any other error ({}, a Go url.Error, an error text, no object where one must be): the request
            ///< was not answered, a local copy stays good; `status` says what was seen
};

struct CloudReply {
  ReplyKind kind = ReplyKind::kBroken;
  Json object;
  Status status;

  [[nodiscard]] bool ok() const { return kind == ReplyKind::kObject || kind == ReplyKind::kDone; }
};

/// Classifies the content of a reply of operation `response`. A bare object is a success only with a
/// non-empty `kind`; a wrapped one only when `Err` is there and null and `Object` is not null (it has no kind
/// of its own).
CloudReply classify_reply(Json content);

/// Classifies the content of a message of operation `error`, of which the content is an error text.
CloudReply classify_error(const Json& content);

}  // namespace edgecore::kube
