// SPDX-License-Identifier: Apache-2.0
#include "eventbus/broker_address.hpp"

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"

namespace edgecore::eventbus {
namespace {

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
  throw BadInput("the MQTT broker's address " + log::quote_url(url) + " cannot be used: " + why);
}

std::uint16_t port_of(std::string_view url, std::string_view text) {
  const auto port = to_number<std::uint16_t>(text);
  if (!port || *port == 0) refuse(url, log::quote(text) + " is not a port");
  return *port;
}

bool is_tls(std::string_view url, std::string_view scheme) {
  if (scheme == "tcp" || scheme == "mqtt") return false;
  if (scheme == "ssl" || scheme == "tls" || scheme == "tcps" || scheme == "mqtts") return true;
  if (scheme == "ws" || scheme == "wss")
    refuse(url,
           "MQTT over WebSocket is not supported; name the broker's plain or TLS listener (tcp://, ssl://)");
  refuse(url, "unknown scheme, use tcp, mqtt, ssl, tls, tcps, mqtts or unix");
}

}  // namespace

BrokerAddress BrokerAddress::parse(std::string_view url) {
  if (url.size() > 1024 || std::any_of(url.begin(), url.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
      }))
    refuse(url, "it is too long, or contains white space or control characters");
  const auto colon = url.find("://");
  const std::string scheme = lower_case(colon == std::string_view::npos ? "tcp" : url.substr(0, colon));
  std::string_view rest = colon == std::string_view::npos ? url : url.substr(colon + 3);
  BrokerAddress address;
  if (scheme == "unix") {
    constexpr std::size_t kLongestPath = 107;
    if (rest.empty() || rest.size() > kLongestPath) refuse(url, "it needs the path of a socket");
    address.host = rest;
    return address;
  }
  address.tls = is_tls(url, scheme);
  address.port = address.tls ? 8883 : 1883;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("@/?#") != std::string_view::npos)
    refuse(url, "only host and port may follow the scheme (user and password have settings of their own)");
  std::string_view port;
  bool has_port = false;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) refuse(url, "its bracket is not closed");
    address.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
    has_port = !port.empty();
    if (has_port && !port.starts_with(':')) refuse(url, "a colon and a port may follow the bracket");
  } else {
    const auto end = rest.rfind(':');
    address.host = rest.substr(0, end);
    has_port = end != std::string_view::npos;
    if (has_port) port = rest.substr(end);
    if (address.host.find(':') != std::string::npos) refuse(url, "an IPv6 address has to stand in brackets");
  }
  if (has_port) address.port = port_of(url, port.substr(1));
  if (address.host.empty()) refuse(url, "it has no host");
  return address;
}

std::string BrokerAddress::text() const {
  if (port == 0) return host;
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace edgecore::eventbus
