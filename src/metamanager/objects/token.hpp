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
/// that a token never serves another pod (§10.5, pains.md row 10).
namespace edgecore::metamanager {

/// The row's key for a request: service account, namespace, audiences, lifetime, bound object; written as the
/// Go edge does.
[[nodiscard]] std::string token_key(std::string_view ns, std::string_view service_account,
                                    const Json& request);

enum class TokenAge {
  kFresh,
  kRefreshDue,  ///< still good, but past 80 % of its life or older than 24 h
  kExpired,     ///< to be served only when nothing better can be had
  kUnusable,    ///< no token, or no expiry
};
[[nodiscard]] TokenAge judge_token(const Json& token_request, WallTime now);

/// The kept token for this request. Rows the Go edge wrote are found too: it keyed them by the API server's
/// answer, where audiences that were not asked for are filled in.
[[nodiscard]] std::optional<Json> find_token(const store::Source& from, std::string_view ns,
                                             std::string_view service_account, const Json& request);

/// What is stored for an answer: the answer, with the bound object of the request where the answer lacks it.
[[nodiscard]] Json bound_token(const Json& request, Json answer);

/// Drops all tokens bound to a pod; "" is nobody's uid and drops none. Returns how many went.
std::size_t drop_tokens(store::Transaction& from, std::string_view pod_uid);

/// Sets the annotation `edgecore/expired: "true"` (docs/messages.md).
void mark_expired(Json& token_request);

}  // namespace edgecore::metamanager
