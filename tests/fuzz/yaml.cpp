// SPDX-License-Identifier: Apache-2.0
// YAML of API bodies and manifest files: what is made of a text is no larger than its budget.
#include "edgecore/base/yaml_builder.hpp"
#include "edgecore/kube/yaml_json.hpp"
#include "input.hpp"

// TUNE
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 4 * kJsonTree, .fixed = 64 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  fuzz::accepted([&] { fuzz::hold(kube::yaml_to_json(text).dump().size() <= yaml_budget(text)); });
}
