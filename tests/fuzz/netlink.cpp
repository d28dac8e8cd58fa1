// SPDX-License-Identifier: Apache-2.0
// Datagrams of rtnetlink. They come from the kernel, but their lengths are believed by nobody.
#include <algorithm>
#include <vector>

#include "input.hpp"
#include "net/link/netlink_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgecore;
  net::LinkStates links;
  const std::vector<std::uint8_t> aligned(data, data + size);  // as the buffer of a receive is
  net::parse_netlink(fuzz::text_of(aligned.data(), aligned.size()), links);
  net::parse_netlink(fuzz::text_of(aligned.data(), aligned.size()), links);
  return 0;
}
