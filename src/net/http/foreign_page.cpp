// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/foreign_page.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "edgecore/base/ascii.hpp"

namespace edgecore::net {
namespace {

constexpr std::array<std::string_view, 5> kOwnNames{"localhost", "kubernetes", "kubernetes.default",
                                                    "kubernetes.default.svc",
                                                    "kubernetes.default.svc.cluster.local"};

/// The host of "host:port"; an IPv6 address without its brackets.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool is_address(std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  const std::string text(host);
  return ::inet_pton(AF_INET, text.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

bool is_own_name(std::string_view host, std::string_view node_name) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return iequals(host, node_name) ||
         std::ranges::any_of(kOwnNames, [&](std::string_view name) { return iequals(host, name); });
}

}  // namespace

std::optional<std::string> foreign_page(const Headers& headers, std::string_view node_name) {
  const std::string_view authority = headers.get("Host");
  const std::string_view host = host_of(authority);
  if (!authority.empty() && !is_address(host) && !is_own_name(host, node_name))
    return "the name in the header Host is not one of this node: use its address, localhost or its node name";
  const std::string_view origin = headers.get("Origin");
  const std::size_t scheme = origin.find("://");
  const bool is_own_origin =
      scheme != origin.npos && iequals(origin.substr(scheme + std::string_view("://").size()), authority);
  if (!origin.empty() && !is_own_origin) return "requests of pages of other sites are refused (Origin)";
  const std::string_view site = headers.get("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none")
    return "requests of pages of other sites are refused (Sec-Fetch-Site)";
  return std::nullopt;
}

}  // namespace edgecore::net
