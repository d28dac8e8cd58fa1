// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/utf8.hpp"

#include <cstddef>

namespace edgecore {
namespace {

/// Decoded first byte: number of bytes that follow, and bounds of the first of them.
struct Lead {
  std::size_t more = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  bool valid = true;
};

constexpr Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {};
  if (byte < 0xC2) return {.valid = false};  // a continuation byte, or an overlong form of ASCII
  if (byte < 0xE0) return {.more = 1};
  if (byte == 0xE0) return {.more = 2, .low = 0xA0};
  if (byte == 0xED) return {.more = 2, .high = 0x9F};  // surrogates are above
  if (byte < 0xF0) return {.more = 2};
  if (byte == 0xF0) return {.more = 3, .low = 0x90};
  if (byte == 0xF4) return {.more = 3, .high = 0x8F};
  return {.more = 3, .valid = byte < 0xF4};
}

bool follows(std::string_view rest, const Lead& lead) {
  if (rest.size() < lead.more) return false;
  unsigned char low = lead.low, high = lead.high;
  for (const char c : rest.substr(0, lead.more)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < low || byte > high) return false;
    low = 0x80;
    high = 0xBF;
  }
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Lead lead = lead_of(static_cast<unsigned char>(text.front()));
    text.remove_prefix(1);
    if (!lead.valid || !follows(text, lead)) return false;
    text.remove_prefix(lead.more);
  }
  return true;
}

}  // namespace edgecore
