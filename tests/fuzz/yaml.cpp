// SPDX-License-Identifier: Apache-2.0
// YAML of API bodies and manifest files: what is made of a text is no larger than its budget.
#include "edgecore/base/yaml_builder.hpp"
#include "edgecore/kube/yaml_json.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgecore;
  const auto text = fuzz::text_of(data, size);
  fuzz::accepted([&] { fuzz::hold(kube::yaml_to_json(text).dump().size() <= yaml_budget(text)); });
  return 0;
}
