// SPDX-License-Identifier: Apache-2.0
#include "edgehub/join_token.hpp"

#include <algorithm>

#include "edgecore/base/ascii.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/net/digest.hpp"

namespace edgecore::edgehub {

JoinToken JoinToken::parse(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) throw BadInput("the join token is empty");
  if (std::count(text.begin(), text.end(), '.') != 3) {
    throw BadInput(
        "the join token is in the wrong format: it needs four parts separated by dots; "
        "get a new one with `keadm gettoken`");
  }
  const auto dot = text.find('.');
  JoinToken token{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  const bool hex = std::all_of(token.ca_hash.begin(), token.ca_hash.end(),
                               [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  if (!hex || token.ca_hash.size() != 64) {
    throw BadInput("the join token is in the wrong format: its first part is not a SHA-256 in hexadecimal");
  }
  const bool printable =
      std::all_of(token.jwt.begin(), token.jwt.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable) throw BadInput("the join token contains invalid characters");
  return token;
}

bool JoinToken::names(std::string_view ca_der) const {
  return net::sha256_hex(ca_der) == ca_hash;
}

}  // namespace edgecore::edgehub
