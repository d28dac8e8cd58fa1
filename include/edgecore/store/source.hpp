// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace edgecore::store {

class Connection;  // private to the room: src/store/connection.hpp

/// Where rows are read from: a `Reader` (what is committed) or a `Transaction` (that, and what the running
/// job has written so far). The row functions (`meta::find`, `meta_v2::list`, …) take either. Not for use by
/// two threads.
class Source {
 public:
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  /// For the room's own code.
  [[nodiscard]] Connection& connection() const { return *connection_; }

 protected:
  explicit Source(Connection& connection) : connection_(&connection) {}
  Source(Source&&) noexcept = default;
  Source& operator=(Source&&) noexcept = default;
  ~Source() = default;
  Connection* connection_;
};

/// What a job writes through. Exists only while the job runs, on the writer thread; never keep a reference.
class Transaction final : public Source {
 public:
  explicit Transaction(Connection& connection) : Source(connection) {}
};

/// A read-only connection with its own prepared statements, made by `Store::open_reader`. It sees committed
/// rows only and never waits for the writer. One per module: not to be shared among threads. Must be gone
/// before the store is closed (an open reader keeps the WAL file from being folded into the database).
class Reader final : public Source {
 public:
  explicit Reader(std::unique_ptr<Connection> connection);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

 private:
  std::unique_ptr<Connection> owned_;
};

/// While it lives, all reads through `reader` see the database as of the first of them, e.g. a list and the
/// revision that belongs to it. Keep it for one answer, not longer: it holds the WAL's growth. Does not nest.
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
