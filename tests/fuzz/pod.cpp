// SPDX-License-Identifier: Apache-2.0
// Pods as the cloud and manifest files bring them.
#include "edgecore/kube/pod.hpp"

#include "edgecore/kube/defaults.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "input.hpp"

// A container of a dozen bytes becomes one with all defaults.
const edgecore::fuzz::MemoryBudget edgecore::fuzz::kMemory{.per_byte = 1024, .fixed = 256 * kKiB};

void edgecore::fuzz::take(std::string_view text) {
  Json object;
  if (!fuzz::accepted([&] { object = kube::parse_json(text); })) return;
  kube::time_at(object, "metadata.creationTimestamp");

  fuzz::accepted([&] { kube::parse_pod(object); });

  // Defaults make no pod unreadable and are settled after one go.
  fuzz::accepted([&] {
    kube::apply_pod_defaults(object);
    const Json once = object;
    kube::apply_pod_defaults(object);
    fuzz::hold(object == once);
    fuzz::hold(!kube::qos_class(object).empty());
    kube::parse_pod(once);
  });
}
