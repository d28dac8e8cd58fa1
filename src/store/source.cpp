// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/source.hpp"

#include <spdlog/spdlog.h>

#include "edgecore/base/log.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store {

Reader::Reader(std::unique_ptr<Connection> connection) : Source(*connection), owned_(std::move(connection)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Snapshot::Snapshot(const Reader& reader) : connection_(&reader.connection()) {
  connection_->execute(sql::kBeginRead);
}

Snapshot::~Snapshot() {
  try {
    connection_->execute(sql::kCommit);
  } catch (const Error& error) {
    log::get("store")->warn("the end of a read snapshot failed: {}", error.what());
  }
}

}  // namespace edgecore::store
