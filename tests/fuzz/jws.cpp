// SPDX-License-Identifier: Apache-2.0
// Tokens, as any pod sends them, and key files: the text is taken as either.
#include "edgecore/net/jws.hpp"

#include "edgecore/net/digest.hpp"
#include "input.hpp"

// The parts of the token, or keys as OpenSSL holds them.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 64, .fixed = 128 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  static const net::PrivateKey key = net::PrivateKey::generate();
  static const net::VerificationKeys keys = [] {
    net::VerificationKeys made;
    made.add_pem(key.pem(), "key");
    return made;
  }();
  fuzz::accepted([&] {
    const auto token = net::parse_compact(text);
    const std::string again = net::base64url(token.header_text) + "." + net::base64url(token.payload_text);
    fuzz::hold(again == token.signing_input);
    for (const auto* algorithm : {"ES256", "ES384", "RS256", "PS256", "none"})
      fuzz::hold(!keys.verifies(token.signing_input, algorithm, token.signature));
  });
  fuzz::hold(!keys.verifies("header.payload", "ES256", text.substr(0, 64)));
  fuzz::accepted([&] {
    net::VerificationKeys read;
    read.add_pem(text, "text");
    fuzz::hold(!read.empty());
    read.verifies("header.payload", "RS256", text);
    read.verifies("header.payload", "ES256", text.substr(0, 64));
  });
}
