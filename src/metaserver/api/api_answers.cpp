// SPDX-License-Identifier: Apache-2.0
// How Api's answers leave.
#include <algorithm>

#include "edgecore/base/go_duration.hpp"
#include "metaserver/api/api.hpp"
#include "metaserver/http/media_types.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::chrono::milliseconds kDefaultPatience{34'000};

}  // namespace

Freshness Api::freshness() const {
  Freshness now;
  now.offline = !parts_.cloud.is_up();
  return now;
}

std::chrono::milliseconds Api::patience_of(const Call& call) const {
  const auto asked = parse_go_duration(call.query("timeout"));
  if (!asked || asked->count() <= 0) return kDefaultPatience;
  const auto wanted = std::chrono::duration_cast<std::chrono::milliseconds>(*asked);
  return std::min(std::max(wanted, std::chrono::milliseconds(1)), kDefaultPatience);
}

net::Headers Api::headers_for(const Call& call, const std::string& content_type) const {
  net::Headers headers;
  headers.add("Content-Type", content_type);
  if (parts_.cloud.is_up()) return headers;
  headers.add("X-Edgecore-Offline", "true");
  if (!call.resource) return headers;
  if (const auto as_of = parts_.scopes.as_of(*call.resource, call.info.ns, call.info.name)) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(parts_.context.clock.wall() - *as_of);
    headers.add("Age", std::to_string(std::max<std::int64_t>(0, age.count())));
  }
  return headers;
}

Api::Done Api::send_text(Call& call, int status, std::string body, const Representation& wanted) {
  net::Response response;
  response.status = call.code = status;
  response.headers =
      headers_for(call, wanted.content_type.empty() ? std::string(kJsonType) : wanted.content_type);
  if (wanted.pretty) body = pretty_print(body);
  if (wanted.gzip && body.size() >= kGzipMinBytes) {
    body = gzip(body);
    response.headers.add("Content-Encoding", "gzip");
    response.headers.add("Vary", "Accept-Encoding");
  }
  response.body = std::move(body);
  co_await call.responder.send(std::move(response));
}

Api::Done Api::send_json(Call& call, int status, const Json& document, const Representation& wanted) {
  std::string text = kube::dump_json(document) + "\n";
  co_await send_text(call, status, std::move(text), wanted);
}

Api::Done Api::send_plain(Call& call, int status, std::string text, std::string content_type) {
  net::Response response;
  response.status = call.code = status;
  response.headers = headers_for(call, content_type);
  response.body = std::move(text);
  co_await call.responder.send(std::move(response));
}

Api::Done Api::send_status(Call& call, const kube::Status& status) {
  net::Response response;
  response.status = call.code = status.code;
  response.headers = headers_for(call, std::string(kJsonType));
  if (status.code == 403) response.headers.add("X-Content-Type-Options", "nosniff");
  if (status.code == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (status.details.retry_after_seconds > 0)
    response.headers.add("Retry-After", std::to_string(status.details.retry_after_seconds));
  response.body = kube::dump_json(status.to_json()) + "\n";
  co_await call.responder.send(std::move(response));
}

}  // namespace edgecore::metaserver
