// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "edgecore/base/clock.hpp"
#include "edgecore/cri/types.hpp"
#include "edgecore/kube/json.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/images/image_policy.hpp"
#include "edged/pods/pod_record.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/runtime/pod_runtime.hpp"
#include "edged/spec/environment.hpp"
#include "edged/spec/refusal.hpp"

/// Starts a container: from its definition to its running process (protocol/05-edged.md §1.5 to §1.8).
namespace edgecore::edged {

/// The sandbox to start a container in.
struct SandboxInUse {
  std::string id;
  cri::PodSandboxConfig config;
  std::vector<std::string> ips;  ///< the pod's addresses, primary first
};

/// Back-off, image, configuration, CreateContainer, StartContainer, log link, postStart. What is passed
/// outlives the call. nullopt: it was started. Throws only when cancelled.
boost::asio::awaitable<std::optional<NotStarted>> start_container(
    const PodServices& services, PodRecord& record, const PodRuntime& runtime,
    const kube::Container& container, const SandboxInUse& sandbox, const Keyring& keys);

/// Credentials for the pod's images: its pull secrets, and the node's files. Missing ones are skipped.
boost::asio::awaitable<Keyring> pull_credentials(const PodServices& services, kube::PodPtr pod);

/// The directory of the pod's logs: `<pod logs>/<ns>_<name>_<uid>`.
std::filesystem::path log_directory(const EdgedOptions& options, const kube::Pod& pod);

/// Addresses and node of the pod, for the downward API.
PodFacts pod_facts(const NodeServices& services, std::vector<std::string> pod_ips);

/// The attempt number of the next container of that name: one more than the newest known one's, or than the
/// newest log file's in `logs` if the runtime knows none.
std::uint32_t next_attempt(const cri::ContainerStatus* newest, const std::filesystem::path& logs);

/// The attempt number by the pod's status, for a container that neither runtime nor logs know any more: a
/// reported restart count never goes back (pains.md row 21).
std::uint32_t next_attempt_reported(const Json& status, const std::string& container);

}  // namespace edgecore::edged
