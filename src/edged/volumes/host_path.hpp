// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// Makes (…OrCreate) or checks what a hostPath volume points at, by its type (protocol/05-edged.md §2.7);
/// type "" is not looked at. Links are followed: the path is the node's. Throws Error with a sentence.
/// Blocks, for long when the path is on a dead server.
void prepare_host_path(const kube::HostPathSource& source);

}  // namespace edgecore::edged
