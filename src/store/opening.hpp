// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "edgecore/base/clock.hpp"

namespace edgecore::store {

class Connection;

/// Files set aside are evidence, but flash is small: so many are kept, the oldest goes first.
constexpr int kMaxFilesSetAside = 3;

struct Opened {
  std::unique_ptr<Connection> connection;  ///< the writer's: checked, in WAL mode, schema in place
  bool rebuilt = false;                    ///< what was there was unusable and was set aside
  bool empty = false;                      ///< no `meta` rows
};

/// What the constructor of `Store` promises, but for the lock, which the caller holds. Throws Error.
Opened open_database(const std::filesystem::path& path, const Clock& clock);

}  // namespace edgecore::store
