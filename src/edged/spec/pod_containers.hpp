// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// The container of that name in one of a pod's lists; nullptr if absent.
inline const kube::Container* find_container(const std::vector<kube::Container>& list,
                                             std::string_view name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.name == name; });
  return found == list.end() ? nullptr : &*found;
}

/// Searches all containers of the pod.
inline const kube::Container* find_container(const kube::Pod& pod, std::string_view name) {
  for (const auto* list : {&pod.spec.containers, &pod.spec.init_containers, &pod.spec.ephemeral_containers}) {
    if (const kube::Container* found = find_container(*list, name)) return found;
  }
  return nullptr;
}

}  // namespace edgecore::edged
