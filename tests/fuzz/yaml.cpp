// SPDX-License-Identifier: Apache-2.0
// YAML of API bodies and manifest files: what is made of a text is no larger than its budget.
#include "edgecore/base/yaml_builder.hpp"
#include "edgecore/kube/yaml_json.hpp"
#include "input.hpp"

// yaml-cpp holds 260 bytes for a bracket, and the tree is made beside it. Fixed: what aliases may make of a
// small text (yaml_budget).
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 400, .fixed = 4 * kMiB};

void edgecore::fuzz::take(std::string_view text) {
  fuzz::accepted([&] { fuzz::hold(kube::yaml_to_json(text).dump().size() <= yaml_budget(text)); });
}
