// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/answers.hpp"

#include <algorithm>
#include <array>

#include "edgecore/kube/table.hpp"
#include "metaserver/http/media_types.hpp"

namespace edgecore::metaserver {
net::Headers Answers::headers_for(const Call& call, const std::string& content_type) const {
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

Done Answers::send_object(Call& call, int status, ObjectPtr object) const {
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kObject);
  if (wanted.form == Form::kObject) {
    net::Response response;
    response.status = call.code = status;
    response.headers = headers_for(call, wanted.content_type);
    if (!wanted.pretty && !(wanted.gzip && object->bytes() >= kGzipMinBytes)) {
      response.shared_body = CachedObject::line(object);
      co_await call.responder.send(std::move(response));
      co_return;
    }
    std::string text = *CachedObject::line(object);
    co_await send_text(call, status, std::move(text), wanted);
    co_return;
  }
  const Json json = object->json();
  if (wanted.form == Form::kTable) {
    const std::array<const Json*, 1> one{&json};
    Json table = kube::make_table(*call.resource, one, parts_.context.clock.wall(), wanted.include, true,
                                  wanted.version);
    table["metadata"]["resourceVersion"] = std::to_string(object->version());
    co_await send_json(call, status, table, wanted);
    co_return;
  }
  const Json partial = kube::partial_metadata(json, wanted.version);
  co_await send_json(call, status, partial, wanted);
}

Done Answers::send_text(Call& call, int status, std::string body, const Representation& wanted) const {
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
  // Others may have got theirs while this one was made.
  if (body.size() >= kGzipMinBytes) expect_room(call);
  response.body = std::move(body);
  co_await call.responder.send(std::move(response));
}

Done Answers::send_json(Call& call, int status, const Json& document, const Representation& wanted) const {
  std::string text = kube::dump_json(document) + "\n";
  co_await send_text(call, status, std::move(text), wanted);
}

Done Answers::send_plain(Call& call, int status, std::string text, std::string content_type) const {
  net::Response response;
  response.status = call.code = status;
  response.headers = headers_for(call, content_type);
  response.body = std::move(text);
  co_await call.responder.send(std::move(response));
}

Done Answers::send_status(Call& call, const kube::Status& status) const {
  call.code = status.code;
  net::Response response = response_of(status, headers_for(call, std::string(kJsonType)));
  co_await call.responder.send(std::move(response));
}

net::Response Answers::refusal(const kube::Status& status) const {
  net::Headers headers;
  headers.add("Content-Type", std::string(kJsonType));
  if (!parts_.cloud.is_up()) headers.add("X-Edgecore-Offline", "true");
  return response_of(status, std::move(headers));
}

net::Response Answers::response_of(const kube::Status& status, net::Headers headers) {
  net::Response response;
  response.status = status.code;
  response.headers = std::move(headers);
  if (status.code == 403) response.headers.add("X-Content-Type-Options", "nosniff");
  if (status.code == 401) response.headers.add("WWW-Authenticate", "Bearer");
  if (status.details.retry_after_seconds > 0)
    response.headers.add("Retry-After", std::to_string(status.details.retry_after_seconds));
  response.body = kube::dump_json(status.to_json()) + "\n";
  return response;
}

}  // namespace edgecore::metaserver
