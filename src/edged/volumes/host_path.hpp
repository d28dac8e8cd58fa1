// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/kube/pod.hpp"

namespace edgecore::edged {

/// Makes (…OrCreate) or checks the target of a hostPath volume by its type (protocol/05-edged.md §2.7); does
/// nothing for type "". Follows links: the path is the node's. Throws Error with a sentence. Blocks, for long
/// if the path is on a dead server.
void prepare_host_path(const kube::HostPathSource& source);

}  // namespace edgecore::edged
