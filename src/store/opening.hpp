// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "edgecore/base/clock.hpp"

namespace edgecore::store {

class Connection;

/// How many corrupt databases are kept as evidence; the oldest is removed first, because flash is small.
constexpr int kMaxFilesSetAside = 3;

struct Opened {
  std::unique_ptr<Connection> connection;  ///< for the writer: checked, in WAL mode, with its schema
  bool rebuilt = false;                    ///< the file was unusable and was set aside
  bool empty = false;                      ///< no `meta` rows
};

/// Does what the constructor of `Store` promises; the caller holds the lock. Throws Error.
Opened open_database(const std::filesystem::path& path, const Clock& clock);

}  // namespace edgecore::store
