// SPDX-License-Identifier: Apache-2.0
// Datagrams of rtnetlink. They come from the kernel, but their lengths are believed by nobody.
#include <algorithm>
#include <vector>

#include "input.hpp"
#include "net/link/netlink_messages.hpp"

// The datagram, and a link or an address for each of its messages.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 32, .fixed = 4 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  net::LinkStates links;
  const std::vector<char> aligned(text.begin(), text.end());  // as the buffer of a receive is
  const std::string_view datagrams(aligned.data(), aligned.size());
  net::parse_netlink(datagrams, links);
  net::parse_netlink(datagrams, links);
}
