// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "edgecore/cri/types.hpp"
#include "edgecore/kube/pod.hpp"
#include "edged/pods/pod_services.hpp"
#include "edged/runtime/pod_runtime.hpp"

/// Stopping containers (protocol/05-edged.md §1.10).
namespace edgecore::edged {

/// The grace period of a container of the pod, in seconds: the first of `override`, the deletion's, the
/// failed probe's, the pod's.
std::int64_t grace_period(const kube::Pod& pod, std::optional<std::int64_t> override_seconds,
                          std::optional<std::int64_t> probe_seconds);

/// The duration of the container's hook "preStop" or "postStart" if it is a `sleep` (of newer API servers); 0
/// otherwise.
std::chrono::seconds hook_sleep(const kube::Container& container, const char* hook);

/// Runs preStop, then StopContainer, within the grace period. No error if the container is gone. Throws
/// CallError.
boost::asio::awaitable<void> stop_container(const RuntimeServices& services, kube::PodPtr pod,
                                            cri::ContainerStatus container, std::int64_t grace_seconds);

/// Stops all running containers at the same time, then the sandboxes. Throws Error if something could not be
/// stopped; the rest is stopped nevertheless.
boost::asio::awaitable<void> stop_pod(const RuntimeServices& services, kube::PodPtr pod,
                                      std::shared_ptr<const PodRuntime> runtime,
                                      std::optional<std::int64_t> grace_seconds);

}  // namespace edgecore::edged
