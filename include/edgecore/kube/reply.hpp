// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/status.hpp"

namespace edgecore::kube {

/// The meaning of a cloud reply, whose content comes in several shapes (protocol/01-tunnel.md §1.5,
/// protocol/02-metamanager.md §2.6, §10.1, §10.2). Only kObject may be stored as an object.
enum class ReplyKind {
  kObject,   ///< `object` holds a Kubernetes object, bare or taken out of {"Object":…,"Err":null}
  kDone,     ///< "OK": success without an object
  kRefused,  ///< a Kubernetes API answered with an error; `status` is that answer and is final for this
             ///< request
  kBroken,  ///< any other error ({}, a Go url.Error, an error text, no object where one must be): the request
            ///< was not answered, so a local copy stays valid; `status` says why
};

struct CloudReply {
  ReplyKind kind = ReplyKind::kBroken;
  Json object;
  Status status;

  [[nodiscard]] bool ok() const { return kind == ReplyKind::kObject || kind == ReplyKind::kDone; }
};

/// Classifies the content of a reply of operation `response`. A bare object is a success only with a
/// non-empty `kind`; a wrapped one, which has no kind, only if `Err` is present and null and `Object` is not
/// null.
CloudReply classify_reply(Json content);

/// Classifies the content of a message of operation `error`, which is an error text.
CloudReply classify_error(const Json& content);

}  // namespace edgecore::kube
