// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/config/host.hpp"
#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// Larger files are rejected unread; a typical one has 6 KB.
inline constexpr std::size_t kMaxConfigBytes = 1 << 20;
/// Limits of depth and of values with aliases expanded; beyond them the file is rejected.
inline constexpr std::size_t kMaxConfigDepth = 24;
inline constexpr std::size_t kMaxConfigValues = 20000;

struct LoadedConfig {
  EdgeCoreConfig config;
  /// For the log, each with line and full key: unknown or duplicate keys, keys of other versions. They never
  /// contain values.
  std::vector<std::string> warnings;
};

/// All defaults on this machine: the members' initialisers, the node's name and the local address.
EdgeCoreConfig defaults(const Host& host);

/// Merges a YAML (or JSON) text into the defaults by the rules of protocol/06-config-cli-tasks.md §1.1:
/// objects and maps merge, lists are replaced, keys are case-insensitive, unknown keys are ignored with a
/// warning. `null` leaves an object or scalar at its default and empties a list or map. Throws BadInput with
/// one line per mistake, each with key path and line number but never a value. Looks up the local address
/// only if the text does not set all of the cloud's addresses.
LoadedConfig load(std::string_view text, const Host& host);

}  // namespace edgecore::config
