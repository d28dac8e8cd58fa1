// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "edgecore/kube/pod.hpp"

/// The back-off of containers that keep ending (protocol/05-edged.md §1.7). Pure functions.
namespace edgecore::edged {

/// The container's key in the restart back-off. A changed definition has a new key.
std::string container_backoff_key(const kube::Pod& pod, const kube::Container& container);

/// The message of CrashLoopBackOff: "back-off 1m20s restarting failed container=c pod=p_ns(uid)".
std::string crash_loop_message(std::chrono::nanoseconds pause, const kube::Pod& pod,
                               const kube::Container& container);

}  // namespace edgecore::edged
