// SPDX-License-Identifier: Apache-2.0
// The join token, as an operator pastes it.
#include "edgehub/join_token.hpp"

#include <algorithm>

#include "input.hpp"

// The parts of the token, and its payload as a tree.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 2 * kJsonTree, .fixed = 16 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
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
}
