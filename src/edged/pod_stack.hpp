// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include "edgecore/async/semaphore.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/beehive/message.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/edged/edged.hpp"
#include "edged/cgroups/pod_cgroups.hpp"
#include "edged/events.hpp"
#include "edged/host/backoff.hpp"
#include "edged/images/image_puller.hpp"
#include "edged/meta/meta_client.hpp"
#include "edged/meta/object_source.hpp"
#include "edged/node_reporting.hpp"
#include "edged/pods/pod_restart.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/pods/pod_workers.hpp"
#include "edged/probes/hooks.hpp"
#include "edged/probes/probe_manager.hpp"
#include "edged/probes/probe_runner.hpp"
#include "edged/runtime/dead_containers.hpp"
#include "edged/runtime_view.hpp"
#include "edged/status/status_writer.hpp"
#include "edged/volumes/volume_host.hpp"

namespace edgecore::edged {

/// Everything that runs pods, and the pods' workers. A part of Edged, made after the runtime's view and the
/// node, which it uses. Members stand in the order in which they use one another. Belongs to the module's
/// thread.
class PodStack {
 public:
  PodStack(beehive::ModuleContext& context, const EdgedOptions& options, const EdgedDeps& deps,
           RuntimeView& runtime, const NodeReporting& node, PodEvents& events, const KnownPods& known,
           PodWorkers::Listener& listener);
  PodStack(const PodStack&) = delete;
  PodStack& operator=(const PodStack&) = delete;

  /// Once, before `start`: makes the root directory.
  boost::asio::awaitable<void> prepare_volumes();
  /// Once, before `start`, after the node's policy was decided: makes the cgroups above the pods.
  boost::asio::awaitable<void> prepare_cgroups();
  void start(async::TaskGroup& tasks);

  /// The tunnel came up or went down.
  void connection(bool up);
  /// Carries out a request for the restart of a pod and answers it. Throws only when cancelled.
  boost::asio::awaitable<void> restart(beehive::Message request) { return restart_.run(std::move(request)); }
  /// A ConfigMap or Secret has changed: pods that use it are synced.
  void object_changed(kube::EnvFrom::Kind kind, const std::string& ns, const std::string& name);
  /// Drops back-offs that are over.
  void forget_idle();

  [[nodiscard]] MetaClient& meta() { return meta_; }
  [[nodiscard]] StatusWriter& status() { return status_; }
  [[nodiscard]] const VolumeHost& volumes() const { return volumes_; }
  [[nodiscard]] PodCgroups& cgroups() { return cgroups_; }
  [[nodiscard]] ContainerGc& container_gc() { return container_gc_; }
  [[nodiscard]] PodWorkers& workers() { return workers_; }
  [[nodiscard]] const PodWorkers& workers() const { return workers_; }

 private:
  const beehive::ModuleContext& context_;
  const EdgedOptions& options_;
  const NodeReporting& node_;
  MetaClient meta_;
  MetaObjects objects_;
  StatusWriter status_;
  ImagePuller images_;
  VolumeHost volumes_;
  PodCgroups cgroups_;
  ProbeRunner probe_runner_;
  ProbeManager probes_;
  Hooks hooks_;
  ContainerGc container_gc_;
  Backoff crash_backoff_;
  async::Semaphore creations_;
  PodServices services_;
  PodWorkers workers_;
  PodRestart restart_;
};

}  // namespace edgecore::edged
