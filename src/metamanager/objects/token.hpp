// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edgecore/base/clock.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/store/source.hpp"

/// Service account tokens kept in `meta` as type serviceaccounttoken, each a TokenRequest with its
/// status.token (protocol/02-metamanager.md §3.9). Kept under what was asked for, the pod's uid included, so
/// that no pod gets the token of another (§10.5, pains.md row 10).
namespace edgecore::metamanager {

/// The row's key for a request: service account, namespace, audiences, lifetime, bound object; written as the
/// Go edge does.
[[nodiscard]] std::string token_key(std::string_view ns, std::string_view service_account,
                                    const Json& request);

enum class TokenAge {
  kFresh,
  kRefreshDue,  ///< valid, but past 80 % of its life or older than 24 h
  kExpired,     ///< served only when the cloud gives no newer one
  kUnusable,    ///< no token, or no expiry
};
[[nodiscard]] TokenAge judge_token(const Json& token_request, WallTime now);

/// The stored token for this request. Also finds rows of the Go edge, whose keys are made from the API
/// server's answer: that has audiences filled in which were not asked for. The audiences are those of the
/// request; without any, those of the API server.
[[nodiscard]] std::optional<Json> find_token(const store::Source& from, std::string_view ns,
                                             std::string_view service_account, const Json& request);

/// The TokenRequest to store: the answer, plus the request's bound object if the answer has none.
[[nodiscard]] Json bound_token(const Json& request, Json answer);

/// Stores the answer to a request, `text`, if it is bound to a pod of this node; false if not. Other tokens
/// are handed to who asked and forgotten: whoever may ask for tokens could fill the disk with them. A pod has
/// 16 tokens at most; those that end first go.
bool keep_token(store::Transaction& into, std::string_view ns, std::string_view service_account,
                const Json& request, const std::string& text);

/// Removes the tokens that are not bound to a pod of this node, which earlier versions and the Go edge kept.
/// Returns how many.
std::size_t sweep_tokens(store::Transaction& from);

/// Removes all tokens bound to a pod, none for "". Returns how many.
std::size_t drop_tokens(store::Transaction& from, std::string_view pod_uid);

/// Sets the annotation `edgecore/expired: "true"` (docs/messages.md).
void mark_expired(Json& token_request);

}  // namespace edgecore::metamanager
