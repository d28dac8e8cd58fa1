// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/quoted.hpp"

namespace edgecore::kube {

std::string quoted(std::string_view text) {
  constexpr std::string_view kFrom = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kTo = "abfnrtv\\\"";
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const auto at = kFrom.find(c); at != kFrom.npos) {
      out += '\\';
      out += kTo[at];
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  return out += '"';
}

}  // namespace edgecore::kube
