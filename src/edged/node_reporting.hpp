// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "edgecore/async/task_group.hpp"
#include "edgecore/base/blocking_pool.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/edged/edged.hpp"
#include "edgecore/kube/json.hpp"
#include "edged/events.hpp"
#include "edged/eviction/eviction.hpp"
#include "edged/host/machine_info.hpp"
#include "edged/node/node_addresses.hpp"
#include "edged/node/node_heartbeat.hpp"
#include "edged/node/node_policy.hpp"
#include "edged/node/node_status.hpp"
#include "edged/runtime_view.hpp"
#include "edged/spec/admission.hpp"

namespace edgecore::edged {

/// The node itself: its facts, its addresses, its reports to the cloud, and the policy by which pods are
/// admitted and run. A part of Edged, made after the runtime's view and before the pods. Belongs to the
/// module's thread.
class NodeReporting {
 public:
  NodeReporting(beehive::ModuleContext& context, const EdgedOptions& options, const EdgedDeps& deps,
                RuntimeView& runtime, PodEvents& pods, NodeEvents& node);
  NodeReporting(const NodeReporting&) = delete;
  NodeReporting& operator=(const NodeReporting&) = delete;

  /// Once, before `start` and the first pod, when the root directory exists: finds the addresses, measures
  /// the file system, decides the policy.
  boost::asio::awaitable<void> prepare();
  void start(async::TaskGroup& tasks);

  /// The tunnel came up or went down.
  void connection(bool up) { heartbeat_.connection(up); }
  void facts_changed() { heartbeat_.facts_changed(); }
  void set_pressures(const Pressures& pressures);

  /// The references stay valid; addresses and policy are empty before `prepare`.
  [[nodiscard]] const MachineInfo& machine() const { return machine_; }
  [[nodiscard]] const NodeAddresses& addresses() const { return addresses_; }
  [[nodiscard]] const NodePolicy& policy() const { return policy_; }
  [[nodiscard]] AdmissionNode admission_view() const;
  /// UID of the Node in the API; empty while it is not known.
  [[nodiscard]] std::string uid() const;

 private:
  [[nodiscard]] NodeFacts facts() const;

  const beehive::ModuleContext& context_;
  const EdgedOptions& options_;
  BlockingPool& pool_;
  const RuntimeView& runtime_;
  MachineInfo machine_;
  NodeAddresses addresses_;
  std::int64_t storage_bytes_ = 0;
  Pressures pressures_;
  Json own_node_;  ///< as it would register: used until the cloud's is known
  NodePolicy policy_;
  NodeHeartbeat heartbeat_;
};

}  // namespace edgecore::edged
