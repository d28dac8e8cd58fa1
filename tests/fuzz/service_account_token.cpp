// SPDX-License-Identifier: Apache-2.0
// Service account tokens, as any pod sends them, and rows of stored ones. The text is taken as a whole token,
// as a token's payload and as a row's value.
#include <algorithm>

#include "edgecore/net/digest.hpp"
#include "input.hpp"
#include "metaserver/access/authentication.hpp"

namespace {

using namespace edgecore;
using metaserver::ServiceAccountToken;
using metaserver::TokenAuthenticator;

constexpr char kIssuer[] = "https://kubernetes.default.svc.cluster.local";

/// A node on which everything exists under the uid "u".
TokenAuthenticator authenticator(const metaserver::StoredTokens& stored, const Clock& clock, bool is_signed) {
  const auto object = [](auto, auto) { return std::optional(TokenAuthenticator::Found{"u", {}}); };
  TokenAuthenticator::Options options{{kIssuer}, {}, nullptr, nullptr};
  if (is_signed) options.verifier = [](auto, auto, auto) { return true; };
  return {
      options, {object, object, [](auto, auto) { return std::optional<std::string>("u"); }}, stored, clock};
}

void ask(const std::string& token) {
  const FakeClock clock(WallTime(std::chrono::seconds(1'718'020'800)));
  const metaserver::StoredTokens none;
  // What nobody signed and this node did not get is nobody's.
  fuzz::hold(!authenticator(none, clock, false).authenticate("Bearer " + token).user);

  auto trusting = authenticator(none, clock, true);
  const auto found = trusting.authenticate("Bearer " + token);
  fuzz::hold((found.user == nullptr) == !found.reason.empty());
  if (!found.user) return;
  fuzz::hold(std::ranges::count(found.user->name, ':') == 3 && found.user->uid == "u");
  fuzz::hold(found.user->groups.size() == 3 && !found.audiences.empty());
  fuzz::hold(trusting.remembered("Bearer " + token) == found.user);

  metaserver::StoredTokens stored;
  stored.put("row", token, {"another", "account", ""});
  fuzz::hold(!authenticator(stored, clock, false).authenticate("Bearer " + token).user);
}

}  // namespace

// Claims as a tree, and the token as it is remembered, three times.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 8 * kJsonTree, .fixed = 128 * kKiB};

void edgecore::fuzz::take(std::string_view input) {
  const std::string text(input);
  if (metaserver::bearer_token("Bearer " + text)) ask(text);
  ask(net::base64url(R"({"alg":"ES256"})") + "." + net::base64url(text) + ".c2ln");
  fuzz::accepted([&] { ServiceAccountToken::parse(text); });

  metaserver::StoredTokens stored;
  const std::string key = R"("web"/"shop"/)";
  fuzz::hold(stored.put_row(key + text, text) == (stored.size() == 1));
  fuzz::hold(!stored.put_row(text, "{}"));
}
