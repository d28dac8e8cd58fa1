// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "edged/runtime/dead_containers.hpp"

/// How the parts of edged reach parts that are made after them.
///
/// A part is made with references to the parts made before it, which it may call at any time. What it has to
/// tell or ask a later part goes through one of these interfaces. Edged implements all of them by forwarding.
/// They are called only by coroutines that Edged::run started, so while all parts exist. Calls come on the
/// module's thread, never block and never throw; events only take note.
namespace edgecore::edged {

/// Something that pods depend on has changed.
class PodEvents {
 public:
  /// What runs of the pod, or the verdict of a probe: sync it.
  virtual void pod_changed(const std::string& uid) = 0;
  /// The runtime's state, the node's addresses: sync all pods.
  virtual void all_pods_changed() = 0;
  /// A container or sandbox is dead that was not before: there may be garbage to collect.
  virtual void something_died() = 0;

 protected:
  ~PodEvents() = default;
};

/// What has to be known of pods before anything of theirs is removed.
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
  /// Something that the node's status tells has changed: runtime, pressure, addresses.
  virtual void node_facts_changed() = 0;
  /// The Node object, and with it its UID, has become known (again).
  virtual void node_known() = 0;

 protected:
  ~NodeEvents() = default;
};

}  // namespace edgecore::edged
