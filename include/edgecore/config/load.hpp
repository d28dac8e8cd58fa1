// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/config/host.hpp"
#include "edgecore/config/model.hpp"

namespace edgecore::config {

/// Larger files are refused unread; a real one has 6 KB.
inline constexpr std::size_t kMaxConfigBytes = 1 << 20;
/// Nested deeper than this, or more values than this once aliases are written out: refused.
inline constexpr std::size_t kMaxConfigDepth = 24;
inline constexpr std::size_t kMaxConfigValues = 20000;

struct LoadedConfig {
  EdgeCoreConfig config;
  /// Sentences for the log, each with line and full key: unknown or duplicate keys, keys of other versions.
  /// They name keys only, never values.
  std::vector<std::string> warnings;
};

/// Every default of this machine: the members' initialisers, the node's name and the local address.
EdgeCoreConfig defaults(const Host& host);

/// Lays a YAML (or JSON) text over the defaults, with the rules of protocol/06-config-cli-tasks.md §1.1:
/// objects and maps merge, lists are replaced, keys are matched without regard to case, unknown keys are
/// ignored (with a warning). `null` leaves an object or scalar at its default and empties a list or map.
/// Throws BadInput with one sentence per mistake, each with key path and line; no value from the text is ever
/// part of it. The local address is looked up only when the text leaves one of the cloud's addresses open.
LoadedConfig load(std::string_view text, const Host& host);

}  // namespace edgecore::config
