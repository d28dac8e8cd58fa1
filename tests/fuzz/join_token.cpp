// SPDX-License-Identifier: Apache-2.0
// The join token, as an operator pastes it.
#include "edgehub/join_token.hpp"

#include <algorithm>

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgecore;
  const auto text = fuzz::text_of(data, size);
  fuzz::accepted([&] {
    const auto token = edgehub::JoinToken::parse(text);
    fuzz::hold(token.ca_hash.size() == 64);
    fuzz::hold(std::ranges::count(token.jwt, '.') == 2);
    token.names(text);
    // It goes into an HTTP header.
    fuzz::hold(token.jwt.find_first_of("\r\n ") == std::string::npos);
    const auto again = edgehub::JoinToken::parse(token.ca_hash + "." + token.jwt);
    fuzz::hold(again.ca_hash == token.ca_hash && again.jwt == token.jwt);
  });
  return 0;
}
