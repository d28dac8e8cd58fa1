// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace edgecore::config {

/// Kubernetes' qualified name: `name` or `dns.subdomain/name`, the name at most 63 of [A-Za-z0-9_.-], with a
/// letter or digit at both ends.
bool is_qualified_name(std::string_view key);

/// A label's value: empty or like the name part of a qualified name.
bool is_label_value(std::string_view value);

/// Whether a node may give itself this label: keys in kubernetes.io and k8s.io only from the kubelet's list
/// (protocol/06-config-cli-tasks.md §1.6).
bool may_label_itself(std::string_view key);

}  // namespace edgecore::config
