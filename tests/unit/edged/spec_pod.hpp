// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// A pod in namespace "ns" with that spec (JSON).
inline kube::PodPtr pod_of(const std::string& spec, const std::string& name = "p") {
  return kube::parse_pod(kube::parse_json(R"({"metadata": {"name": ")" + name +
                                          R"(", "namespace": "ns", "uid": "u"}, "spec": )" + spec + "}"));
}

}  // namespace edgecore::edged
