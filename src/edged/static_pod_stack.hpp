// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "edgecore/async/event.hpp"
#include "edgecore/async/task_group.hpp"
#include "edgecore/base/log.hpp"
#include "edgecore/beehive/module.hpp"
#include "edgecore/edged/edged.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/node_reporting.hpp"
#include "edged/pod_stack.hpp"
#include "edged/sources/mirror_pods.hpp"
#include "edged/sources/pod_sources.hpp"
#include "edged/sources/static_pods.hpp"

namespace edgecore::edged {

/// The source "file": static pods from their directory, which run without the cloud, and their mirror pods in
/// the API. A part of Edged, made after the pods. Belongs to the module's thread.
class StaticPodStack {
 public:
  /// Outlives this object; must not block.
  class Listener {
   public:
    /// The directory was read for the first time, or has changed.
    virtual void static_pods_read() = 0;
    /// An answer of the API contained a mirror pod: handle it like a pushed one.
    virtual void mirror_learned(const kube::PodPtr& mirror) = 0;

   protected:
    ~Listener() = default;
  };
  StaticPodStack(beehive::ModuleContext& context, const EdgedOptions& options, const EdgedDeps& deps,
                 const NodeReporting& node, PodStack& pods, Listener& listener);
  StaticPodStack(const StaticPodStack&) = delete;
  StaticPodStack& operator=(const StaticPodStack&) = delete;

  void start(async::TaskGroup& tasks);

  /// The tunnel came up or went down.
  void connection(bool up) { mirrors_.connection(up); }
  /// A change of a mirror pod in the API.
  void take_mirror(const PodChange& change) { mirrors_.take(change); }
  /// The list of the API's pods was handled: all mirrors in the database were taken.
  void api_listed();
  /// The Node is known, or a static pod has stopped: a mirror may wait for it.
  void look_at_mirrors() { mirrors_.look(); }

 private:
  boost::asio::awaitable<void> watch_directory();
  void take(const std::vector<kube::PodPtr>& pods);

  log::Logger log_;
  PodWorkers& workers_;
  Listener& listener_;
  async::Event listed_;
  PodSource source_;
  MirrorPods mirrors_;
  StaticPods directory_;
};

}  // namespace edgecore::edged
