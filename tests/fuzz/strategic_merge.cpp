// SPDX-License-Identifier: Apache-2.0
// Strategic merge patches, from clients of MetaServer and made by ourselves for statuses. Input: a JSON array
// [kind, original, patch].
#include "edgecore/kube/strategic_merge.hpp"

#include "input.hpp"

// The input as a tree, the merged object, the patch between the two, and the indexes of their lists.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 12 * kJsonTree, .fixed = 256 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  Json input;
  if (!fuzz::accepted([&] { input = kube::parse_json(text); })) return;
  if (!input.is_array() || input.size() != 3 || !input[0].is_string()) return;
  const std::string kind = input[0].get<std::string>();

  fuzz::accepted([&] { kube::apply_strategic_merge(input[1], input[2], kind); });

  Json patch;
  if (!fuzz::accepted([&] { patch = kube::create_strategic_merge(input[1], input[2], kind); })) return;
  fuzz::hold(patch.is_object());
  if (input[1] == input[2]) fuzz::hold(patch.empty());
  fuzz::accepted([&] { kube::apply_strategic_merge(input[1], patch, kind); });
}
