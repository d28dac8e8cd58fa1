// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace edgecore::net {

/// Digests and text encodings of bytes. Pure functions, any thread.

/// 32 raw bytes.
std::string sha256(std::string_view data);
/// 64 lower-case hex digits, as in a join token (protocol/01-tunnel.md §3.1).
std::string sha256_hex(std::string_view data);
/// Compares secrets in constant time: the time does not tell where they differ.
bool equal_secrets(std::string_view a, std::string_view b);

/// 32 lower-case hex digits. Only for names that Kubernetes makes with MD5 (static pods), not for security.
/// Throws Error if the machine's policy forbids MD5.
std::string md5_hex(std::string_view data);

std::string hex(std::string_view data);

/// Standard alphabet with padding (RFC 4648 §4).
std::string base64(std::string_view data);
/// Needs correct padding and allows no white space. Throws BadInput.
std::string base64_decode(std::string_view text);
/// Reads Secrets and Docker configurations as Go's decoder does: ignores line breaks and bits beyond the last
/// byte. nullopt if the text is not base64.
std::optional<std::string> base64_decode_lines(std::string_view text);
/// URL alphabet without padding (RFC 4648 §5), as in JWTs.
std::string base64url(std::string_view data);
/// Throws BadInput for other characters and for padding.
std::string base64url_decode(std::string_view text);

}  // namespace edgecore::net
