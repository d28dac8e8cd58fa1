// SPDX-License-Identifier: Apache-2.0
#include "servicebus/service_request.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::servicebus {
namespace {

/// Limit of a call's JSON text: the cloud's limit of 12 MiB for a body, in base64, plus the rest.
constexpr std::size_t kContentBytes = std::size_t{32} << 20;
constexpr std::size_t kShownBytes = 200;

constexpr std::array<std::string_view, 9> kConnectionHeaders = {"Connection",
                                                                "Keep-Alive",
                                                                "Proxy-Authenticate",
                                                                "Proxy-Authorization",
                                                                "Proxy-Connection",
                                                                "TE",
                                                                "Trailer",
                                                                "Transfer-Encoding",
                                                                "Upgrade"};
/// Headers that are dropped in addition: the client sets the first two itself, and does not support Expect.
constexpr std::array<std::string_view, 3> kOwnHeaders = {"Host", "Content-Length", "Expect"};
constexpr std::array<std::string_view, 5> kContentHeaders = {
    "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Digest"};

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view each) { return iequals(each, name); });
}

bool concerns_connection(const net::Headers& all, std::string_view name) {
  return one_of(kConnectionHeaders, name) || all.has_token("Connection", name);
}

struct Place {
  std::uint16_t port = 0;
  std::string target;
};

/// Splits "8080:/path?query" at the first colon.
std::optional<Place> read_place(std::string_view resource) {
  const std::size_t colon = resource.find(':');
  if (colon == std::string_view::npos || resource.size() - colon > kTargetBytes) return std::nullopt;
  const auto port = to_number<std::uint16_t>(resource.substr(0, colon));
  if (!port || *port == 0) return std::nullopt;
  const std::string path(resource.substr(colon + 1));
  if (!path.empty() && path.front() != '/' && path.front() != '?') return std::nullopt;
  auto target = net::escape_target(path);
  if (!target) return std::nullopt;
  if (!target->starts_with('/')) target->insert(0, "/");
  return Place{*port, std::move(*target)};
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// False if the member is not a map of names to values.
bool read_headers(const Json& from, net::Headers& into) {
  if (from.is_null()) return true;
  if (!from.is_object()) return false;
  std::size_t bytes = 0;
  const auto add = [&](const std::string& name, const Json& value) {
    if (!value.is_string()) return false;
    const std::string& text = value.get_ref<const std::string&>();
    bytes += name.size() + text.size();
    if (bytes > kHeaderBytes || !is_token(name) || !is_value(text)) return false;
    into.add(name, text);
    return true;
  };
  for (const auto& [name, values] : from.items()) {
    if (values.is_null()) continue;
    if (!values.is_array()) {
      if (!add(name, values)) return false;
      continue;
    }
    for (const Json& value : values) {
      if (!add(name, value)) return false;
    }
  }
  return true;
}

net::Headers forwarded(const net::Headers& given) {
  net::Headers kept;
  for (const auto& [name, value] : given) {
    if (!concerns_connection(given, name) && !one_of(kOwnHeaders, name)) kept.add(name, value);
  }
  if (!kept.has("Accept")) kept.add("Accept", "*/*");
  return kept;
}

/// Throws BadInput.
ServiceRequest read_content(const Json& content) {
  ServiceRequest request;
  request.method = kube::optional_string(content, "method").value_or("");
  if (request.method.empty()) request.method = "GET";
  if (!is_token(request.method)) throw BadInput("The method is not a single word.");
  net::Headers headers;
  const auto found = content.find("header");
  if (found != content.end() && !read_headers(*found, headers))
    throw BadInput("The headers are not a map of names to lists of values, or too large.");
  request.headers = forwarded(headers);
  request.body = net::base64_decode(kube::optional_string(content, "body").value_or(""));
  return request;
}

/// "content-type" in Go's spelling: "Content-Type".
std::string canonical(std::string_view name) {
  std::string out(name);
  bool first = true;
  for (char& c : out) {
    if (first && is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    if (!first) c = to_lower(c);
    first = c == '-';
  }
  return out;
}

/// Two names of the address that is called (service_exchange.cpp); other loopback addresses may have other
/// listeners at the same port.
bool is_called_host(const std::string& host) {
  return iequals(host, "localhost") || host == "127.0.0.1";
}

}  // namespace

ServiceAnswer refusal(int status, std::string text) {
  return {status, net::Headers{{"Server", "kubeedge-edgecore"}}, std::move(text)};
}

std::variant<ServiceRequest, ServiceAnswer> read_service_request(const beehive::Message& message) {
  const auto place = read_place(message.route.resource);
  if (!place)
    return refusal(
        400, "the format of resource " + message.route.resource.substr(0, kShownBytes) + " is incorrect");
  if (!message.content.is_object() && !message.content.is_string() && !message.content.is_null())
    return refusal(400, "error to marshal request msg content");
  try {
    Json parsed = Json::object();
    const Json* content = &message.content;
    if (content->is_string()) {
      kube::JsonLimits limits;
      limits.max_bytes = kContentBytes;
      parsed = kube::parse_json(content->get_ref<const std::string&>(), "The content", limits);
    }
    if (!content->is_object()) content = &parsed;
    if (!content->is_object()) throw BadInput("The content is not an object.");
    ServiceRequest request = read_content(*content);
    request.url.scheme = "http";
    request.url.host = "127.0.0.1";
    request.url.port = place->port;
    request.url.target = place->target;
    return request;
  } catch (const BadInput&) {
    return refusal(400, "error to parse http request");
  }
}

Json answer_content(const ServiceAnswer& answer) {
  Json headers = Json::object();
  for (const auto& [name, value] : answer.headers) {
    if (!concerns_connection(answer.headers, name)) headers[canonical(name)].push_back(value);
  }
  return {{"header", std::move(headers)}, {"status_code", answer.status}, {"body", net::base64(answer.body)}};
}

std::optional<ServiceRequest> follow_redirect(const ServiceRequest& request, int status,
                                              const net::Headers& answer) {
  const bool keeps_method = status == 307 || status == 308;
  if (!keeps_method && status != 301 && status != 302 && status != 303) return std::nullopt;
  const auto location = answer.find("Location");
  if (!location) return std::nullopt;
  const auto url = net::resolve_location(request.url, *location);
  if (!url || url->scheme != "http" || !is_called_host(url->host) || url->port != request.url.port)
    return std::nullopt;
  ServiceRequest next;
  next.url = *url;
  next.method = request.method;
  const bool drops_body = !keeps_method && request.method != "GET" && request.method != "HEAD";
  if (drops_body) next.method = "GET";
  for (const auto& [name, value] : request.headers) {
    if (drops_body && one_of(kContentHeaders, name)) continue;
    next.headers.add(name, value);
  }
  if (!drops_body) next.body = request.body;
  return next;
}

}  // namespace edgecore::servicebus
