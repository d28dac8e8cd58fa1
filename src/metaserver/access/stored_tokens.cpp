// SPDX-License-Identifier: Apache-2.0
#include "metaserver/access/stored_tokens.hpp"

#include <optional>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::metaserver {
namespace {

/// A TokenRequest has a token, a few texts and, rarely, many audiences.
constexpr kube::JsonLimits kRowLimits{
    .max_bytes = std::size_t{256} << 10, .max_depth = 16, .max_values = 5000};

/// Removes `"<name>"/` from the front. Names of Kubernetes need no escapes.
std::optional<std::string> take_name(std::string_view& key) {
  if (!key.starts_with('"')) return std::nullopt;
  const auto end = key.find("\"/", 1);
  if (end == key.npos || end == 1) return std::nullopt;
  std::string name(key.substr(1, end - 1));
  key.remove_prefix(end + 2);
  return name;
}

bool is_held_by(const StoredTokens::Holder& holder, const TokenClaims& claims) {
  if (holder.ns != claims.ns || holder.service_account != claims.service_account.name) return false;
  return holder.pod_uid.empty() || (claims.pod && claims.pod->uid == holder.pod_uid);
}

}  // namespace

void StoredTokens::put(const std::string& row_key, std::string_view token, Holder holder) {
  remove(row_key);
  if (token.empty() || token.size() > kMaxTokenBytes) return;
  const auto [at, is_new] =
      rows_.emplace(row_key, Row{std::string(token), net::sha256(token), std::move(holder)});
  by_digest_.emplace(at->second.digest, &at->second);
  note_issue(token);
}

void StoredTokens::note_issue(std::string_view token) {
  try {
    const auto issued = issue_time(ServiceAccountToken::parse(token).claims);
    if (issued && (!newest_issue_ || *issued > *newest_issue_)) newest_issue_ = issued;
  } catch (const BadInput&) {
    // It authenticates nobody, and says nothing about the time.
  }
}

bool StoredTokens::put_row(const std::string& row_key, std::string_view value) {
  remove(row_key);
  std::string_view rest = row_key;
  const auto service_account = take_name(rest);
  const auto ns = take_name(rest);
  if (!service_account || !ns) return false;
  try {
    const Json request = kube::parse_json(value, "The stored token", kRowLimits);
    const std::string token = kube::string_or(request, "status.token");
    const bool is_pod = kube::string_or(request, "spec.boundObjectRef.kind", "Pod") == "Pod";
    put(row_key, token,
        {*ns, *service_account, is_pod ? kube::string_or(request, "spec.boundObjectRef.uid") : ""});
  } catch (const BadInput&) {
    return false;
  }
  return rows_.contains(row_key);
}

void StoredTokens::remove(const std::string& row_key) {
  const auto found = rows_.find(row_key);
  if (found == rows_.end()) return;
  const auto [first, last] = by_digest_.equal_range(found->second.digest);
  for (auto at = first; at != last; ++at) {
    if (at->second != &found->second) continue;
    by_digest_.erase(at);
    break;
  }
  rows_.erase(found);
}

void StoredTokens::clear() {
  by_digest_.clear();
  rows_.clear();
}

StoredTokens::Match StoredTokens::match(std::string_view token, const std::string& digest,
                                        const TokenClaims& claims) const {
  Match best = Match::kNone;
  const auto [first, last] = by_digest_.equal_range(digest);
  for (auto at = first; at != last; ++at) {
    if (!net::equal_secrets(at->second->token, token)) continue;
    if (is_held_by(at->second->holder, claims)) return Match::kGood;
    best = Match::kOthers;
  }
  return best;
}

}  // namespace edgecore::metaserver
