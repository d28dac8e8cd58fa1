// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace edgecore::config {

/// True if a node may set this label on itself: of the keys in kubernetes.io and k8s.io only those on the
/// kubelet's list (protocol/06-config-cli-tasks.md §1.6).
bool may_label_itself(std::string_view key);

}  // namespace edgecore::config
