// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "edgecore/kube/pod.hpp"

/// The digest of a container's definition, stored with the container and compared at every sync: another
/// digest means another definition, so the container is restarted. It equals the one of the Go EdgeCore,
/// which lets us take over its containers without restarting them (protocol/05-edged.md §1.5). Pure
/// functions; any thread.
namespace edgecore::edged {

/// The container as Go would write it: known members only, in Go's order, empty ones left out, no spaces.
std::string container_json(const kube::Container& container);

/// FNV-1a of the way Go prints the bytes of that text.
std::uint32_t container_hash(const kube::Container& container);

/// As the annotation io.kubernetes.container.hash holds it: lower-case hexadecimal without leading zeros.
std::string container_hash_text(const kube::Container& container);

/// What the annotations io.kubernetes.container.ports and …preStopHandler hold: JSON as Go writes it; empty
/// when the container has none.
std::string ports_json(const kube::Container& container);
std::string pre_stop_json(const kube::Container& container);

}  // namespace edgecore::edged
