// SPDX-License-Identifier: Apache-2.0
// Strategic merge patches, from clients of MetaServer and made by ourselves for statuses. Input: a JSON array
// [kind, original, patch].
#include "edgecore/kube/strategic_merge.hpp"

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgecore;
  const auto text = fuzz::text_of(data, size);
  Json input;
  if (!fuzz::accepted([&] { input = kube::parse_json(text); })) return 0;
  if (!input.is_array() || input.size() != 3 || !input[0].is_string()) return 0;
  const std::string kind = input[0].get<std::string>();

  fuzz::accepted([&] { kube::apply_strategic_merge(input[1], input[2], kind); });

  Json patch;
  if (!fuzz::accepted([&] { patch = kube::create_strategic_merge(input[1], input[2], kind); })) return 0;
  fuzz::hold(patch.is_object());
  if (input[1] == input[2]) fuzz::hold(patch.empty());
  fuzz::accepted([&] { kube::apply_strategic_merge(input[1], patch, kind); });
  return 0;
}
