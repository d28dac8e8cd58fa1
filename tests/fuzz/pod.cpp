// SPDX-License-Identifier: Apache-2.0
// Pods as the cloud and manifest files bring them.
#include "edgecore/kube/pod.hpp"

#include "edgecore/kube/defaults.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/time.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgecore;
  Json object;
  if (!fuzz::accepted([&] { object = kube::parse_json(fuzz::text_of(data, size)); })) return 0;
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
  return 0;
}
