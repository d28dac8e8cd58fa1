// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "edgecore/store/error.hpp"

namespace edgecore::store {

/// One use of a prepared statement: binds from the left, steps, reads columns (from 0). Bound text must live
/// until the use ends. The destructor resets the statement and returns it to its connection.
class Statement {
 public:
  Statement(Statement&&) = delete;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  /// Steps to the next row; false if there is none. Throws StoreError.
  bool step();
  /// Steps to the end and returns how many rows the statement changed.
  int run();
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;

 private:
  friend class Connection;
  Statement(class Connection& connection, sqlite3_stmt* statement, bool& in_use);
  Connection& connection_;
  sqlite3_stmt* statement_;
  bool& in_use_;
  int bound_ = 0;
};

/// A SQLite connection and its prepared statements. One thread at a time.
class Connection {
 public:
  enum class Mode { kWriter, kReader };
  /// Opens an existing file. Throws StoreError.
  Connection(const std::filesystem::path& path, Mode mode);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// `sql` must be a constant (it is the key of the cache). Throws StoreError, or Error if this statement is
  /// in use further up the stack.
  Statement prepare(std::string_view sql);
  /// Runs one or more statements and ignores their rows.
  void execute(const std::string& sql);
  /// The first column of the first row of a statement that is not cached, e.g. a PRAGMA; "" without a row.
  std::string ask(const std::string& sql);

  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  [[nodiscard]] std::int64_t total_changes() const { return sqlite3_total_changes64(handle_.get()); }
  [[nodiscard]] int changes() const { return sqlite3_changes(handle_.get()); }
  void busy_timeout(int milliseconds) { sqlite3_busy_timeout(handle_.get(), milliseconds); }

  /// True if the table meta_v2 also has the columns of EdgeCore v1.23 (protocol/02-metamanager.md §11).
  bool mirrors_v123 = false;

  [[noreturn]] void fail(std::string_view doing, int code) const;

 private:
  struct CloseHandle {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    bool in_use = false;
  };

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, CloseHandle> handle_;
  std::unordered_map<std::string_view, Prepared>
      prepared_;  // after handle_, so that statements are finalized before it closes
};

}  // namespace edgecore::store
