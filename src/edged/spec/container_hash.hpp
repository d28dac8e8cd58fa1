// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "edgecore/kube/pod.hpp"

/// The hash of a container's definition, stored with the container and compared at every sync: if it differs,
/// the container is restarted. It equals the Go EdgeCore's, so this agent takes over running containers
/// without restarting them (protocol/05-edged.md §1.5). Pure functions; any thread.
namespace edgecore::edged {

/// The container as Go writes it: known members only, in Go's order, without empty members and blanks.
std::string container_json(const kube::Container& container);

/// FNV-1a over Go's printed form of container_json's bytes.
std::uint32_t container_hash(const kube::Container& container);

/// The value of the annotation io.kubernetes.container.hash: lower-case hexadecimal without leading zeros.
std::string container_hash_text(const kube::Container& container);

/// The values of the annotations io.kubernetes.container.ports and …preStopHandler: JSON as Go writes it;
/// empty if the container has none.
std::string ports_json(const kube::Container& container);
std::string pre_stop_json(const kube::Container& container);

}  // namespace edgecore::edged
