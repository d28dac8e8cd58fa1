// SPDX-License-Identifier: Apache-2.0
#include "metamanager/objects/token.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/beehive/names.hpp"
#include "edgecore/kube/json_text.hpp"
#include "edgecore/kube/time.hpp"
#include "edgecore/net/jws.hpp"
#include "edgecore/store/meta.hpp"

namespace edgecore::metamanager {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxUse = std::chrono::hours(24);
/// A pod asks for one token for each projected volume.
constexpr std::size_t kTokensOfAPod = 16;
constexpr std::int64_t kDefaultLifetime = 3600;
/// Longer lifetimes are cut to this, so that adding them to a time cannot overflow.
constexpr std::int64_t kMaxLifetime = std::int64_t{10} * 366 * 24 * 3600;

std::string in_quotes(std::string_view text) {
  return kube::dump_json(Json(text));
}

std::string owner_prefix(std::string_view ns, std::string_view service_account) {
  return in_quotes(service_account) + "/" + in_quotes(ns) + "/";
}

std::string audiences_text(const Json& request) {
  const Json* audiences = kube::find_path(request, "spec.audiences");
  if (audiences == nullptr || !audiences->is_array()) return "[]string(nil)";
  std::string text = "[]string{";
  for (const Json& audience : *audiences) {
    if (text.back() != '{') text += ", ";
    text += audience.is_string() ? kube::dump_json(audience) : std::string("\"\"");
  }
  return text + "}";
}

std::string bound_object_text(const Json& request) {
  if (kube::find_path(request, "spec.boundObjectRef") == nullptr) return "v1.BoundObjectReference{}";
  const auto member = [&request](std::string_view name) {
    return in_quotes(kube::string_or(request, "spec.boundObjectRef." + std::string(name)));
  };
  return "v1.BoundObjectReference{Kind:" + member("kind") + ", APIVersion:" + member("apiVersion") +
         ", Name:" + member("name") + ", UID:" + member("uid") + "}";
}

/// The issuer that a token names, which is the audience of an API server that is configured with no other.
std::string issuer_of(const Json& kept) {
  try {
    const net::CompactToken token = net::parse_compact(kube::string_or(kept, "status.token"));
    return kube::string_or(kube::parse_json(token.payload_text, "the token"), "iss");
  } catch (const BadInput&) {
    return {};
  }
}

/// What a request without audiences is answered with: those of the API server.
bool are_default_audiences(const Json& kept) {
  const Json& audiences = kube::array_or_empty(kept, "spec.audiences");
  const std::string issuer = audiences.empty() ? std::string() : issuer_of(kept);
  return std::ranges::all_of(audiences, [&](const Json& one) {
    return one == "https://kubernetes.default.svc" || one == "https://kubernetes.default.svc.cluster.local" ||
           (!issuer.empty() && one == issuer);
  });
}

/// A token for another audience is the wrong bearer: who gets it could use it elsewhere.
bool has_audiences(const Json& kept, const Json& request) {
  const Json& asked = kube::array_or_empty(request, "spec.audiences");
  return asked.empty() ? are_default_audiences(kept) : kube::array_or_empty(kept, "spec.audiences") == asked;
}

/// Whether the stored token fits the request.
bool answers(const Json& kept, const Json& request) {
  const auto same = [&](std::string_view path) {
    return kube::string_or(kept, path) == kube::string_or(request, path);
  };
  if (kube::string_or(kept, "status.token").empty()) return false;
  if (!same("spec.boundObjectRef.uid") || !same("spec.boundObjectRef.name")) return false;
  if (kube::int_or(kept, "spec.expirationSeconds", 0) != kube::int_or(request, "spec.expirationSeconds", 0)) {
    return false;
  }
  return has_audiences(kept, request);
}

/// The pod that a TokenRequest is bound to, which can be checked without parsing all of it.
bool is_pod_here(const store::Source& from, std::string_view ns, std::string_view token_request) {
  if (kube::string_member(token_request, {"spec", "boundObjectRef", "kind"}) != "Pod") return false;
  const std::string name(kube::string_member(token_request, {"spec", "boundObjectRef", "name"}));
  const std::string_view uid = kube::string_member(token_request, {"spec", "boundObjectRef", "uid"});
  if (name.empty() || uid.empty()) return false;
  const auto pod = store::meta::find(from, beehive::resource_path(ns, names::resource::kPod, name));
  return pod && kube::string_member(pod->value, {"metadata", "uid"}) == uid;
}

/// The namespace in a row's key, `"<service account>"/"<namespace>"/…`; names need no escapes.
std::string_view namespace_of(std::string_view key) {
  const auto begin = key.find("\"/\"");
  if (begin == key.npos) return {};
  key.remove_prefix(begin + 3);
  return key.substr(0, key.find('"'));
}

/// Removes the tokens of a pod that come to an end first, until there is room for one more.
void make_room(store::Transaction& from, std::string_view pod_uid) {
  std::vector<std::pair<std::string, std::string>> of_pod;  // end and key
  for (const auto& row : store::meta::list(from, names::resource::kServiceAccountToken)) {
    if (kube::string_member(row.value, {"spec", "boundObjectRef", "uid"}) != pod_uid) continue;
    of_pod.emplace_back(kube::string_member(row.value, {"status", "expirationTimestamp"}), row.key);
  }
  std::ranges::sort(of_pod);
  for (std::size_t i = 0; i + kTokensOfAPod <= of_pod.size(); ++i)
    store::meta::remove(from, of_pod[i].second);
}

std::optional<Json> parse(const std::string& text) {
  Json value = kube::stored_json(text);
  if (value.is_object() && !kube::string_or(value, "status.token").empty()) return value;
  return std::nullopt;
}

}  // namespace

std::string token_key(std::string_view ns, std::string_view service_account, const Json& request) {
  return owner_prefix(ns, service_account) + audiences_text(request) + "/" +
         std::to_string(kube::int_or(request, "spec.expirationSeconds", 0)) + "/" +
         bound_object_text(request);
}

TokenAge judge_token(const Json& token_request, WallTime now) {
  const auto expiry = kube::time_at(token_request, "status.expirationTimestamp");
  if (!expiry || kube::string_or(token_request, "status.token").empty()) return TokenAge::kUnusable;
  const seconds lifetime(std::clamp(kube::int_or(token_request, "spec.expirationSeconds", kDefaultLifetime),
                                    std::int64_t{1}, kMaxLifetime));
  // Compares in seconds: an expiry at the end of time must not overflow.
  const auto left = std::chrono::floor<seconds>(*expiry).time_since_epoch() -
                    std::chrono::floor<seconds>(now).time_since_epoch();
  if (left <= seconds(0)) return TokenAge::kExpired;
  if (left < lifetime / 5 || lifetime - left > kMaxUse) return TokenAge::kRefreshDue;
  return TokenAge::kFresh;
}

std::optional<Json> find_token(const store::Source& from, std::string_view ns,
                               std::string_view service_account, const Json& request) {
  const std::string key = token_key(ns, service_account, request);
  if (const auto row = store::meta::find(from, key)) {
    if (auto kept = parse(row->value)) return kept;
  }
  const std::string prefix = owner_prefix(ns, service_account);
  for (const auto& row : store::meta::list(from, names::resource::kServiceAccountToken)) {
    if (!row.key.starts_with(prefix)) continue;
    auto kept = parse(row.value);
    if (kept && answers(*kept, request)) return kept;
  }
  return std::nullopt;
}

Json bound_token(const Json& request, Json answer) {
  const Json* bound = kube::find_path(request, "spec.boundObjectRef");
  if (bound != nullptr && kube::find_path(answer, "spec.boundObjectRef") == nullptr) {
    if (!answer["spec"].is_object()) answer["spec"] = Json::object();
    answer["spec"]["boundObjectRef"] = *bound;
  }
  return answer;
}

bool keep_token(store::Transaction& into, std::string_view ns, std::string_view service_account,
                const Json& request, const std::string& text) {
  if (!is_pod_here(into, ns, text)) return false;
  store::meta::Row row;
  row.key = token_key(ns, service_account, request);
  row.type = names::resource::kServiceAccountToken;
  row.value = text;
  if (!store::meta::find(into, row.key))
    make_room(into, kube::string_member(text, {"spec", "boundObjectRef", "uid"}));
  store::meta::upsert(into, row);
  return true;
}

std::size_t sweep_tokens(store::Transaction& from) {
  std::size_t dropped = 0;
  for (const auto& row : store::meta::list(from, names::resource::kServiceAccountToken)) {
    if (is_pod_here(from, namespace_of(row.key), row.value)) continue;
    if (store::meta::remove(from, row.key)) ++dropped;
  }
  return dropped;
}

std::size_t drop_tokens(store::Transaction& from, std::string_view pod_uid) {
  if (pod_uid.empty()) return 0;
  std::size_t dropped = 0;
  for (const auto& row : store::meta::list(from, names::resource::kServiceAccountToken)) {
    if (kube::string_member(row.value, {"spec", "boundObjectRef", "uid"}) != pod_uid) continue;
    if (store::meta::remove(from, row.key)) ++dropped;
  }
  return dropped;
}

void mark_expired(Json& token_request) {
  if (!token_request["metadata"].is_object()) token_request["metadata"] = Json::object();
  Json& metadata = token_request["metadata"];
  if (!metadata["annotations"].is_object()) metadata["annotations"] = Json::object();
  metadata["annotations"]["edgecore/expired"] = "true";
}

}  // namespace edgecore::metamanager
