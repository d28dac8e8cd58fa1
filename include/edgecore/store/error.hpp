// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/base/error.hpp"

namespace edgecore::store {

/// The database refused a statement or a commit. The failed job has no effect on the database. The store goes
/// on with the next job, which may succeed (the disk has room again).
class StoreError : public Error {
 public:
  /// `code` is SQLite's extended result code.
  StoreError(const std::string& sentence, int code) : Error(sentence), code_(code) {}
  [[nodiscard]] int code() const noexcept { return code_; }
  /// No space on the disk or in the quota.
  [[nodiscard]] bool disk_full() const noexcept;
  /// Also: the disk refuses to read or write, the file is locked, no memory.
  [[nodiscard]] bool by_environment() const noexcept override;

 private:
  int code_;
};

/// The queue of writes is full (Limits); the job was not run.
class QueueFull : public Error {
 public:
  using Error::Error;
  [[nodiscard]] bool by_environment() const noexcept override { return true; }
};

/// The store is closed or closing; the job was not run.
class StoreClosed : public Error {
 public:
  using Error::Error;
};

}  // namespace edgecore::store
