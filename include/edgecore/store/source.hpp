// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace edgecore::store {

class Connection;  // private to the room: src/store/connection.hpp

/// A source of rows: a `Reader` (committed rows) or a `Transaction` (also the rows that the running job has
/// written). The row functions (`meta::find`, `meta_v2::list`, …) take either. One thread.
class Source {
 public:
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  /// Private to this room.
  [[nodiscard]] Connection& connection() const { return *connection_; }

 protected:
  explicit Source(Connection& connection) : connection_(&connection) {}
  Source(Source&&) noexcept = default;
  Source& operator=(Source&&) noexcept = default;
  ~Source() = default;
  Connection* connection_;
};

/// Passed to a job to write through. Exists only while the job runs, on the writer thread; do not keep a
/// reference.
class Transaction final : public Source {
 public:
  explicit Transaction(Connection& connection) : Source(connection) {}
};

/// A read-only connection with its own prepared statements, made by `Store::open_reader`. It sees committed
/// rows only and never waits for the writer. One per module: do not share it among threads. Destroy it before
/// the store is closed: an open reader keeps the WAL file from being merged into the database.
class Reader final : public Source {
 public:
  explicit Reader(std::unique_ptr<Connection> connection);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

 private:
  std::unique_ptr<Connection> owned_;
};

/// While it exists, all reads through `reader` see the same state of the database: that of the first read.
/// For a list and its revision, for example. Keep it for one answer only, because the WAL cannot shrink
/// meanwhile. Does not nest.
class Snapshot {
 public:
  explicit Snapshot(const Reader& reader);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

 private:
  Connection* connection_;
};

}  // namespace edgecore::store
