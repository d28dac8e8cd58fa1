// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/spec/pod_resources.hpp"  // is_static, is_mirror

/// One static pod and its mirror (protocol/05-edged.md §1.1). Pure functions.
namespace edgecore::edged {

inline constexpr std::size_t kStaticPodMaxBytes = std::size_t{10} << 20;  ///< of a manifest

/// Parses a manifest (protocol/05-edged.md §1.1 "Static pods", §1.19): YAML or JSON, one Pod, defaulted and
/// checked. Adds: the UID from content, node and path (go_pod_text.hpp) unless given; the node's name to the
/// pod's; spec.nodeName, the hash annotation, the toleration of every NoExecute taint, phase Pending. Drops
/// what only makes sense for an object of the API (deletion, a mirror's annotation). Throws BadInput with a
/// sentence. Pure.
kube::PodPtr parse_static_pod(std::string_view text, const std::filesystem::path& file,
                              std::string_view node_name);

/// The object that represents a static pod in the cluster; sent as `insert` of `<ns>/pod/<name>`. Pure.
Json mirror_pod(const kube::Pod& static_pod, std::string_view node_name, std::string_view node_uid);

/// Whether `mirror` represents this version of the static pod. If not (or if it is being deleted) it is
/// deleted and recreated.
bool mirrors(const kube::Pod& mirror, const kube::Pod& static_pod);

}  // namespace edgecore::edged
