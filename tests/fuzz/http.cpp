// SPDX-License-Identifier: Apache-2.0
// HTTP/1.x messages. The first byte: which kind (its low two bits) and in how large pieces the rest arrives.
#include <algorithm>
#include <cstdint>

#include "input.hpp"
#include "net/http/http_parse.hpp"

// What a connection keeps does not grow with what the peer sends: kLimits, and the head once more as it is
// read.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 0, .fixed = 32 * kKiB};

void edgecore::fuzz::take(std::string_view input) {
  if (input.empty()) return;
  using Kind = net::HttpParser::Kind;
  static constexpr Kind kKinds[] = {Kind::kRequest, Kind::kResponse, Kind::kResponseToHead, Kind::kRequest};
  constexpr net::HttpLimits kLimits{
      .header_bytes = 4096, .header_count = 20, .body_bytes = 1024, .framing_bytes = 4096};
  const auto first = static_cast<std::uint8_t>(input.front());
  const std::size_t piece = std::size_t{first} / 4 + 1;
  const auto text = input.substr(1);

  net::HttpParser parser(kKinds[first % 4], kLimits);
  std::size_t taken = 0;
  std::size_t offered = std::min(piece, text.size());
  std::string body;
  while (!parser.fault() && !parser.done()) {
    const std::size_t used = parser.put(text.substr(taken, offered - taken));
    fuzz::hold(used <= offered - taken);
    taken += used;
    if (used != 0) continue;
    // What the reader has to keep until more comes.
    if (!parser.fault()) fuzz::hold(offered - taken <= kLimits.header_bytes);
    if (offered == text.size()) {
      parser.end_of_stream();
      break;
    }
    offered = std::min(offered + piece, text.size());
  }
  if (parser.head_done()) {
    const auto& head = parser.head();
    if (!parser.fault()) fuzz::hold(head.headers.size() <= kLimits.header_count);
    body = parser.take_body();
    fuzz::hold(body.size() <= kLimits.body_bytes);
    fuzz::accepted([&] {
      std::string out;
      net::append_headers(out, head.headers);
    });
  }
  if (parser.fault()) fuzz::hold(parser.fault()->status >= 400 && !parser.fault()->sentence.empty());
}
