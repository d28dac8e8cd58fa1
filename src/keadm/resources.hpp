// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "keadm/server.hpp"

namespace edgecore::keadm {

/// A resource as the server offers it.
struct Resource {
  std::string group, version, plural, singular, kind;
  bool namespaced = true;

  /// Path of all of it, or of what a namespace has: "/apis/apps/v1/namespaces/default/deployments".
  [[nodiscard]] std::string path(const std::string& ns) const;
  /// "pod", "deployment.apps": what `-o name` prints before the slash.
  [[nodiscard]] std::string short_type() const;
  [[nodiscard]] bool is_pods() const { return group.empty() && plural == "pods"; }
};

/// The resource that `name` means (plural, singular, kind or short name, with ".<group>" or
/// ".<version>.<group>" behind it where that is not clear), by the server's discovery documents: the core
/// group first, then preferred versions. Throws Error when there is none.
Resource find_resource(const Ask& ask, const std::string& name);

}  // namespace edgecore::keadm
