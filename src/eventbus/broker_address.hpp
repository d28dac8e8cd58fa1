// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edgecore::eventbus {

/// A broker's address as in `mqttServerExternal` and `mqttServerInternal` (protocol/04-devices.md §1.2).
struct BrokerAddress {
  std::string host;        ///< without brackets for IPv6; the path for unix
  std::uint16_t port = 0;  ///< 0: a Unix socket
  bool tls = false;        ///< the scheme asks for TLS

  /// Schemes: tcp, mqtt (default port 1883), ssl, tls, tcps, mqtts (8883) and unix; tcp without a scheme.
  /// Throws BadInput with a sentence: WebSocket schemes, unknown ones, user info, no host, a bad port.
  static BrokerAddress parse(std::string_view url);

  /// For log lines: "127.0.0.1:1883", "[::1]:1883", "/run/mqtt.sock".
  [[nodiscard]] std::string text() const;
};

}  // namespace edgecore::eventbus
