// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace edgecore {

/// The KubeEdge version that these programs replace: shown by --version and, as the third part of the node's
/// kubeletVersion, read by CloudCore (protocol/06-config-cli-tasks.md §2.2).
inline constexpr char kVersion[] = "v1.17.4";

}  // namespace edgecore
