// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace edgecore::net {

/// Every size and time limit of this room with its default and the reason for it. All input is treated as
/// hostile: limits are checked before memory is allocated, and a peer that is slow on purpose hits a
/// time-out. Times are on the steady clock. Zero means no time-out.

/// Limits of an HTTP server, per connection unless said otherwise.
struct ServerLimits {
  /// Request line and headers. Service account tokens and long selectors fit; Go's server allows 1 MiB.
  std::size_t header_bytes = 64 * 1024;
  /// Number of header lines.
  std::size_t header_count = 100;
  /// Request body; the API server's own limit (protocol/03-metaserver.md, 413 above it).
  std::size_t body_bytes = 3 * 1024 * 1024;
  /// Open connections; further ones are closed as soon as they are accepted. Raise RLIMIT_NOFILE to match.
  std::size_t connections = 1024;
  /// TLS handshake as a whole.
  std::chrono::milliseconds handshake_timeout{10'000};
  /// From the first byte of a request to the end of its headers: stops slow-loris peers.
  std::chrono::milliseconds header_timeout{10'000};
  /// From the end of the headers to the end of the body.
  std::chrono::milliseconds body_timeout{60'000};
  /// Time between two requests on a kept connection.
  std::chrono::milliseconds idle_timeout{120'000};
  /// Time for the kernel to take one write (a response, a chunk): stops peers that do not read.
  std::chrono::milliseconds write_timeout{30'000};
  /// Bytes a second that an answer, or a piece of one, has to go at on average, beyond write_timeout: a peer
  /// that takes a little now and then holds a large one for ever otherwise. 0: no such limit.
  std::size_t least_write_rate = 16 * 1024;
};

/// What a chunked body, of a request or a response, may bring beside its data and the sizes of its chunks:
/// the extensions of all chunks and the trailer. Go allows as much.
inline constexpr std::size_t kFramingBytes = 16 * 1024;

/// Largest response header a client takes.
inline constexpr std::size_t kResponseHeaderBytes = 64 * 1024;
/// Default of `ClientRequest::max_response_bytes`.
inline constexpr std::size_t kResponseBodyBytes = 16 * 1024 * 1024;
/// Default of `ClientRequest::timeout`; protocol/01-tunnel.md §3.2 uses 30 s for an application.
inline constexpr std::chrono::milliseconds kRequestTimeout{30'000};

/// Largest WebSocket message that is accepted (protocol/01-tunnel.md §2.4: objects above 1 MiB occur,
/// upstream has no limit).
inline constexpr std::size_t kWebsocketMessageBytes = 64 * 1024 * 1024;
/// Part of the body that is read when a WebSocket upgrade is refused, as Go's client does
/// (protocol/01-tunnel.md §2.2).
inline constexpr std::size_t kUpgradeBodyBytes = 1024 * 1024;
/// TCP connect, TLS and upgrade together (config websocket.handshakeTimeout, protocol/01-tunnel.md §2.1).
inline constexpr std::chrono::milliseconds kWebsocketHandshakeTimeout{30'000};
/// Time for the kernel to take one WebSocket message (config websocket.writeDeadline).
inline constexpr std::chrono::milliseconds kWebsocketWriteTimeout{15'000};

/// Name look-ups under way for pods, one for each pod; further ones wait. getaddrinfo cannot be interrupted:
/// with a dead DNS server each abandoned look-up holds a thread until the resolver gives up.
inline constexpr std::size_t kNameLookups = 8;
/// Those for edgecore itself: the tunnel, enrolment, the MQTT broker. As each of their names has two at most,
/// one name that hangs leaves room for the others.
inline constexpr std::size_t kOwnNameLookups = 4;

}  // namespace edgecore::net
