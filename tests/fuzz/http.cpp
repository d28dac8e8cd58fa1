// SPDX-License-Identifier: Apache-2.0
// HTTP/1.x messages. The first byte: which kind (its low two bits) and in how large pieces the rest arrives.
#include <algorithm>

#include "input.hpp"
#include "net/http/http_parse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgecore;
  if (size == 0) return 0;
  using Kind = net::HttpParser::Kind;
  static constexpr Kind kKinds[] = {Kind::kRequest, Kind::kResponse, Kind::kResponseToHead, Kind::kRequest};
  constexpr net::HttpLimits kLimits{
      .header_bytes = 4096, .header_count = 20, .body_bytes = 1024, .framing_bytes = 4096};
  const std::size_t piece = std::size_t{data[0]} / 4 + 1;
  const auto text = fuzz::text_of(data + 1, size - 1);

  net::HttpParser parser(kKinds[data[0] % 4], kLimits);
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
  return 0;
}
