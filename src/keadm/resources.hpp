// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "keadm/server.hpp"

namespace edgecore::keadm {

/// A resource type of the server.
struct Resource {
  std::string group, version, plural, singular, kind;
  bool namespaced = true;

  /// The path of the list, of a namespace if `ns` is set: "/apis/apps/v1/namespaces/default/deployments".
  [[nodiscard]] std::string path(const std::string& ns) const;
  /// "pod", "deployment.apps": the part before the slash in `-o name`.
  [[nodiscard]] std::string short_type() const;
  [[nodiscard]] bool is_pods() const { return group.empty() && plural == "pods"; }
};

/// Finds the resource type by `name` (plural, singular, kind or short name, with ".<group>" or
/// ".<version>.<group>" if it is ambiguous) in the server's discovery documents: the core group first, then
/// preferred versions. Throws Error if there is none.
Resource find_resource(const Ask& ask, const std::string& name);

}  // namespace edgecore::keadm
