// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edged/runtime/dead_containers.hpp"

/// How the parts of edged reach parts that are made after them.
///
/// A part holds references to the parts made before it and may call them at any time. It reaches a later part
/// through one of these interfaces, all of which Edged implements by forwarding. Only coroutines that
/// Edged::run started call them, so all parts exist. Calls come on the module's thread, never block and never
/// throw; events only take note.
namespace edgecore::edged {

/// Something that pods depend on has changed.
class PodEvents {
 public:
  /// The pod's containers or a probe's verdict changed: sync it.
  virtual void pod_changed(const std::string& uid) = 0;
  /// The runtime's state or the node's addresses changed: sync all pods.
  virtual void all_pods_changed() = 0;
  /// A container or sandbox has died: there may be garbage to collect.
  virtual void something_died() = 0;

 protected:
  ~PodEvents() = default;
};

/// Asked before anything of a pod is removed.
class KnownPods {
 public:
  /// All sources of pods have delivered.
  [[nodiscard]] virtual bool all_pods_known() const = 0;
  [[nodiscard]] virtual PodFate pod_fate(const std::string& uid) const = 0;

 protected:
  ~KnownPods() = default;
};

class NodeEvents {
 public:
  /// Something in the node's status has changed: runtime, pressure, addresses.
  virtual void node_facts_changed() = 0;
  /// The Node object and its UID have become known (again).
  virtual void node_known() = 0;

 protected:
  ~NodeEvents() = default;
};

}  // namespace edgecore::edged
