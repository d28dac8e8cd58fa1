// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace edgecore::net {

/// Every size and time limit of this room with its default and the reason for it. All input is hostile: a
/// limit is checked before memory is taken, and a peer that is slow on purpose runs into a time-out. Times
/// are measured on the steady clock. A time-out of zero means "no time-out".

/// Limits of an HTTP server, per connection unless said otherwise.
struct ServerLimits {
  /// Request line and headers. Service account tokens and long selectors fit; Go's server allows 1 MiB.
  std::size_t header_bytes = 64 * 1024;
  /// Number of header lines.
  std::size_t header_count = 100;
  /// Request body; the API server's own limit (protocol/03-metaserver.md, 413 above it).
  std::size_t body_bytes = 3 * 1024 * 1024;
  /// Connections at one time; the next ones are closed as soon as they are accepted. Raise RLIMIT_NOFILE to
  /// match.
  std::size_t connections = 1024;
  /// TLS handshake as a whole.
  std::chrono::milliseconds handshake_timeout{10'000};
  /// From the first byte of a request to the last one of its headers: ends slow-loris peers.
  std::chrono::milliseconds header_timeout{10'000};
  /// From the end of the headers to the end of the body.
  std::chrono::milliseconds body_timeout{60'000};
  /// Without a request on a kept connection.
  std::chrono::milliseconds idle_timeout{120'000};
  /// For one write (a response, a chunk) to be taken by the kernel: ends peers that do not read.
  std::chrono::milliseconds write_timeout{30'000};
};

/// Largest response header a client takes.
inline constexpr std::size_t kResponseHeaderBytes = 64 * 1024;
/// Default of the largest response body a client takes, before `ClientRequest::max_response_bytes` says
/// otherwise.
inline constexpr std::size_t kResponseBodyBytes = 16 * 1024 * 1024;
/// Default of the time one HTTP request may take in all; protocol/01-tunnel.md §3.2 uses 30 s for an
/// application.
inline constexpr std::chrono::milliseconds kRequestTimeout{30'000};

/// Largest WebSocket message taken (protocol/01-tunnel.md §2.4: objects above 1 MiB occur, there is no limit
/// upstream).
inline constexpr std::size_t kWebsocketMessageBytes = 64 * 1024 * 1024;
/// What is read of the answer when a WebSocket upgrade is refused, as Go's client does (protocol/01-tunnel.md
/// §2.2).
inline constexpr std::size_t kUpgradeBodyBytes = 1024 * 1024;
/// TCP connect, TLS and upgrade together (config websocket.handshakeTimeout, protocol/01-tunnel.md §2.1).
inline constexpr std::chrono::milliseconds kWebsocketHandshakeTimeout{30'000};
/// One WebSocket message to be taken by the kernel (config websocket.writeDeadline).
inline constexpr std::chrono::milliseconds kWebsocketWriteTimeout{15'000};

/// Most name look-ups under way at once in the process; one more fails at once. getaddrinfo cannot be
/// interrupted, so with a dead DNS server each abandoned look-up holds a thread until the resolver gives up.
inline constexpr int kNameLookups = 8;

}  // namespace edgecore::net
