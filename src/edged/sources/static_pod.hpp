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

/// The static pod a manifest describes (protocol/05-edged.md §1.1 "Static pods", §1.19): YAML or JSON, one
/// Pod, defaulted and checked; uid from the content, the node and the path (go_pod_text.hpp) unless given;
/// name with the node's; spec.nodeName, the hash annotation, the toleration of every NoExecute taint, phase
/// Pending. What only makes sense for an object of the API (deletion, a mirror's annotation) is left out.
/// Throws BadInput with a sentence. Pure.
kube::PodPtr parse_static_pod(std::string_view text, const std::filesystem::path& file,
                              std::string_view node_name);

/// The object that makes a static pod visible in the cluster: what is sent as `insert` of `<ns>/pod/<name>`.
/// Pure.
Json mirror_pod(const kube::Pod& static_pod, std::string_view node_name, std::string_view node_uid);

/// Whether `mirror` stands for this version of the static pod; if not (or if it is being deleted) it is
/// deleted and made anew.
bool mirrors(const kube::Pod& mirror, const kube::Pod& static_pod);

}  // namespace edgecore::edged
