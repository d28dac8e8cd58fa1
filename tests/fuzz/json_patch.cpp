// SPDX-License-Identifier: Apache-2.0
// JSON Patch and JSON merge patch, as clients of MetaServer send them. Input: a JSON array [document, patch].
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/patch.hpp"
#include "input.hpp"

// The input as a tree, its copies before and after. Fixed: what a patch may copy (PatchLimits), twice while
// it does.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 6 * kJsonTree, .fixed = 32 * kMiB};

void edgecore::fuzz::take(std::string_view text) {
  Json both;
  if (!fuzz::accepted([&] { both = kube::parse_json(text); })) return;
  const std::string written = kube::dump_json(both);
  fuzz::hold(kube::dump_json(kube::parse_json(written)) == written);
  if (!both.is_array() || both.size() != 2) return;

  const kube::PatchLimits limits;
  fuzz::accepted([&] {
    const auto result = kube::apply_json_patch(both[0], both[1], limits);
    fuzz::hold(kube::json_depth(result) <= limits.max_depth);
  });
  fuzz::accepted([&] {
    const auto once = kube::apply_merge_patch(both[0], both[1], limits);
    fuzz::hold(kube::json_depth(once) <= limits.max_depth);
    // A merge patch says how it shall be: once more changes nothing.
    fuzz::hold(kube::apply_merge_patch(once, both[1], limits) == once);
  });
}
