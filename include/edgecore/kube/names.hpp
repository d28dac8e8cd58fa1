// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace edgecore::kube {

/// The naming rules of the Kubernetes API. Lengths are bytes; every rule is ASCII only.

/// Lower-case letters, digits, '-', not at the ends; 1 to 63. Namespaces, container and volume names.
bool is_dns_label(std::string_view name);
/// Labels joined by dots, 1 to 253. Names of pods, nodes, config maps and most objects.
bool is_dns_subdomain(std::string_view name);
/// As is_dns_label, but starts with a letter: names of services (RFC 1035).
bool is_service_name(std::string_view name);
/// "[prefix/]name": prefix a DNS subdomain, name 1 to 63 of letters, digits, "-_." with alphanumeric ends.
/// Keys of labels and annotations, names of extended resources and finalizers.
bool is_qualified_name(std::string_view name);
/// Empty, or like the name part of a qualified name.
bool is_label_value(std::string_view value);
/// One segment of an API path or a message resource: not empty, ".", or "..", without '/', '%' and control
/// characters. Weaker than the rules above, which not all objects follow (RBAC roles). Every name used in a
/// file path or resource string must satisfy at least this rule.
bool is_path_segment(std::string_view name);
/// Key of a ConfigMap or Secret, and thus a file name: 1 to 253 of letters, digits, "-_.", not ".", no
/// leading "..".
bool is_config_key(std::string_view key);
/// Environment variable: [-._a-zA-Z][-._a-zA-Z0-9]*, not ".", no leading ".." (protocol/05-edged.md §1.5.1).
bool is_env_name(std::string_view name);

}  // namespace edgecore::kube
