// SPDX-License-Identifier: Apache-2.0
#include "config/labels.hpp"

#include <algorithm>
#include <array>

namespace edgecore::config {
namespace {

constexpr std::array<std::string_view, 11> kOwnLabels{"kubernetes.io/hostname",
                                                      "kubernetes.io/arch",
                                                      "kubernetes.io/os",
                                                      "beta.kubernetes.io/arch",
                                                      "beta.kubernetes.io/os",
                                                      "beta.kubernetes.io/instance-type",
                                                      "node.kubernetes.io/instance-type",
                                                      "topology.kubernetes.io/zone",
                                                      "topology.kubernetes.io/region",
                                                      "failure-domain.beta.kubernetes.io/zone",
                                                      "failure-domain.beta.kubernetes.io/region"};

/// `domain` itself or below it.
bool is_within(std::string_view prefix, std::string_view domain) {
  return prefix == domain || (prefix.size() > domain.size() && prefix.ends_with(domain) &&
                              prefix[prefix.size() - domain.size() - 1] == '.');
}

}  // namespace

bool may_label_itself(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view prefix = key.substr(0, slash);
  if (!is_within(prefix, "kubernetes.io") && !is_within(prefix, "k8s.io")) return true;
  return is_within(prefix, "kubelet.kubernetes.io") || is_within(prefix, "node.kubernetes.io") ||
         std::find(kOwnLabels.begin(), kOwnLabels.end(), key) != kOwnLabels.end();
}

}  // namespace edgecore::config
