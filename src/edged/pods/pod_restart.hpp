// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edgecore/beehive/message.hpp"
#include "edgecore/cri/types.hpp"
#include "edgecore/kube/pod.hpp"
#include "edgecore/kube/status.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/runtime/pod_runtime.hpp"

namespace edgecore::edged {

class PodWorkers;

/// `keadm ctl restart pod` (protocol/03-metaserver.md §5.1): stops a pod's containers. Its worker starts them
/// again, without back-off and whatever their exit codes. Pre-stop hooks are not run. Part of edged; belongs
/// to its thread.
class PodRestart {
 public:
  /// Grace period of the containers.
  static constexpr std::chrono::seconds kGrace{3};
  /// The request is answered within this time, even if the runtime has not stopped the containers.
  static constexpr std::chrono::seconds kAnswerWithin{9};

  PodRestart(const RuntimeServices& services, PodWorkers& workers,
             std::chrono::milliseconds answer_within = kAnswerWithin)
      : services_(services), workers_(workers), answer_within_(answer_within) {}

  /// Restarts the pod that `request` names (resource `<ns>/pod/<name>`) and answers on the bus: "OK", or a
  /// Status: NotFound for a pod that does not run here, Conflict (before anything is stopped) for one that
  /// would not come back. Returns when all stops have ended. Throws only when cancelled.
  boost::asio::awaitable<void> run(beehive::Message request);

 private:
  struct Stopping;
  boost::asio::awaitable<void> restart(kube::PodPtr pod, const beehive::Message& request);
  boost::asio::awaitable<void> stop(std::shared_ptr<Stopping> all, std::string id, std::string name);
  /// Why the pod cannot be restarted; nullopt if it can, with `pod` set.
  std::optional<kube::Status> refuse(const std::string& ns, const std::string& name, kube::PodPtr& pod) const;
  void answer(const beehive::Message& request, const std::optional<kube::Status>& trouble);

  const RuntimeServices& services_;
  PodWorkers& workers_;
  std::chrono::milliseconds answer_within_;
  std::set<std::string> in_hand_;  ///< UIDs
};

/// The containers that an operator's restart stops: running ones that will be started again. Not ephemeral
/// ones.
std::vector<const cri::ContainerStatus*> containers_to_restart(const kube::Pod& pod,
                                                               const PodRuntime& runtime);

}  // namespace edgecore::edged
