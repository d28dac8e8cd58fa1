// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/call.hpp"

#include <algorithm>

#include "edgecore/base/go_duration.hpp"
#include "edgecore/kube/identity.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::chrono::milliseconds kDefaultPatience{34'000};

}  // namespace

std::optional<std::uint64_t> Call::number(const char* name) const {
  const std::string text = query(name);
  if (text.empty()) return std::nullopt;
  const auto number = kube::parse_resource_version(text);
  if (!number) bad_request(std::string("invalid ") + name + ": \"" + text + "\"");
  return number;
}

void expect_room(const Call& call) {
  if (call.responder.has_room()) return;
  throw ApiError(kube::Status::too_many_requests("too many answers are not read yet", 1));
}

std::chrono::milliseconds Call::patience() const {
  const auto asked = parse_go_duration(query("timeout"));
  if (!asked || asked->count() <= 0) return kDefaultPatience;
  const auto wanted = std::chrono::duration_cast<std::chrono::milliseconds>(*asked);
  return std::min(std::max(wanted, std::chrono::milliseconds(1)), kDefaultPatience);
}

}  // namespace edgecore::metaserver
