// SPDX-License-Identifier: Apache-2.0
// URLs of configuration, rules and redirects; targets of requests.
#include "edgecore/net/url.hpp"

#include "edgecore/net/headers.hpp"
#include "input.hpp"

// A parameter of two bytes is two strings in a list that grows.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 256, .fixed = 4 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  fuzz::accepted([&] {
    const auto url = net::Url::parse(text);
    fuzz::hold(!url.host.empty() && url.target.front() == '/');
    // Nothing in it can break out of a request's first lines.
    for (const auto& part : {url.host, url.target, url.authority()})
      fuzz::hold(part.find_first_of("\r\n") == std::string::npos);
    const auto again = net::Url::parse(url.scheme + "://" + url.authority() + url.target);
    fuzz::hold(again.host == url.host && again.port == url.port && again.target == url.target);
  });
  fuzz::accepted([&] {
    const auto target = net::Target::parse(text);
    for (const auto& [key, value] : target.query) fuzz::hold(target.find(key).has_value());
  });
  const std::string escaped = net::percent_encode(text);
  fuzz::hold(net::percent_decode(escaped) == text);
  net::percent_decode(text);
  net::is_ip_literal(text);

  net::Headers headers;
  headers.add("Connection", std::string(text));
  headers.has_token("connection", "upgrade");
}
