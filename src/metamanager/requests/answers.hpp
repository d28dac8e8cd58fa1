// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/reply.hpp"
#include "edgecore/kube/resource_kinds.hpp"

/// Answers for the modules of this node. Pure functions.
namespace edgecore::metamanager {

inline kube::CloudReply object_answer(Json object) {
  return {kube::ReplyKind::kObject, std::move(object), kube::Status()};
}
inline kube::CloudReply done_answer() {
  return {kube::ReplyKind::kDone, Json(), kube::Status()};
}
/// A final answer, such as NotFound.
inline kube::CloudReply refusal(kube::Status status) {
  return {kube::ReplyKind::kRefused, Json(), std::move(status)};
}
/// The cloud did not answer.
inline kube::CloudReply broken_answer(kube::Status status) {
  return {kube::ReplyKind::kBroken, Json(), std::move(status)};
}
inline kube::CloudReply not_found(const beehive::ResourcePath& path) {
  const kube::ResourceKind* kind = kube::find_type(path.type);
  return refusal(kube::Status::not_found(kind != nullptr ? kind->plural : path.type, path.name));
}

/// Ends a request with this answer, from wherever it is being served.
class Refused : public Error {
 public:
  explicit Refused(kube::CloudReply answer) : Error(answer.status.message), answer_(std::move(answer)) {}
  [[nodiscard]] const kube::CloudReply& answer() const { return answer_; }

 private:
  kube::CloudReply answer_;
};

/// The message that carries an answer (docs/messages.md "Answers inside the process").
inline beehive::Message answer_message(const beehive::Message& request, kube::CloudReply answer) {
  if (answer.kind == kube::ReplyKind::kObject) {
    return beehive::make_response(request, std::move(answer.object));
  }
  if (answer.kind == kube::ReplyKind::kDone) return beehive::make_response(request, names::content::kOk);
  return beehive::make_error(request, names::module::kMetaManager, names::group::kMeta,
                             answer.status.to_json());
}

}  // namespace edgecore::metamanager
