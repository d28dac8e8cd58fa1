// SPDX-License-Identifier: Apache-2.0
// Frames of the tunnel, as they come from the cloud (protocol/01-tunnel.md §1.1).
#include "edgecore/beehive/message.hpp"

#include "input.hpp"

// The message as a tree, read twice, and its text.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 4 * kJsonTree, .fixed = 64 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  fuzz::accepted([&] {
    const auto message = beehive::decode(text);
    if (const auto path = beehive::parse_resource(message.route.resource)) {
      const auto again = beehive::resource_path(path->ns, path->type, path->name);
      fuzz::hold(again == message.route.resource);
    }
    // What we understood is what we would send on.
    const std::string written = beehive::encode(message);
    fuzz::hold(beehive::encode(beehive::decode(written)) == written);
  });
}
