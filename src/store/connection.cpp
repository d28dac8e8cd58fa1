// SPDX-License-Identifier: Apache-2.0
#include "store/connection.hpp"

namespace edgecore::store {
namespace {

// Pages of 4 KiB kept in memory, as negative KiB. The node may have 128 MB in all.
constexpr const char* kWriterCache = "PRAGMA cache_size=-1024";
constexpr const char* kReaderCache = "PRAGMA cache_size=-512";

}  // namespace

bool StoreError::disk_full() const noexcept {
  return (code_ & 0xff) == SQLITE_FULL;
}

bool StoreError::by_environment() const noexcept {
  switch (code_ & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return true;
    default:
      return false;
  }
}

Statement::Statement(Connection& connection, sqlite3_stmt* statement, bool& in_use)
    : connection_(connection), statement_(statement), in_use_(in_use) {
  in_use_ = true;
}

Statement::~Statement() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  in_use_ = false;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind NULL instead of an empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  const int code = sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) connection_.fail("cannot bind a text for", code);
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  const int code = sqlite3_bind_int64(statement_, ++bound_, number);
  if (code != SQLITE_OK) connection_.fail("cannot bind a number for", code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_.fail(sqlite3_stmt_readonly(statement_) != 0 ? "cannot read from" : "cannot write to", code);
}

int Statement::run() {
  while (step()) {
  }
  return sqlite3_stmt_readonly(statement_) != 0 ? 0 : connection_.changes();
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

Connection::Connection(const std::filesystem::path& path, Mode mode) : path_(path) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | (mode == Mode::kWriter ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  handle_.reset(raw);
  if (code != SQLITE_OK) fail("cannot open", code);
  sqlite3_extended_result_codes(raw, 1);
  // The lock file keeps other agents out; this waits for an operator's sqlite3 shell.
  busy_timeout(5000);
  execute(mode == Mode::kWriter ? kWriterCache : kReaderCache);
}

Connection::~Connection() = default;

Statement Connection::prepare(std::string_view sql) {
  Prepared& entry = prepared_[sql];
  if (entry.in_use) throw Error("a database statement is used again before its first use has ended");
  if (!entry.statement) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK) fail("cannot prepare a statement for", code);
    entry.statement.reset(raw);
  }
  return {*this, entry.statement.get(), entry.in_use};
}

void Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail("cannot work on", code);
}

std::string Connection::ask(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalize> statement(raw);
  if (code != SQLITE_OK) fail("cannot work on", code);
  code = sqlite3_step(raw);
  if (code == SQLITE_DONE) return {};
  if (code != SQLITE_ROW) fail("cannot work on", code);
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
  return text == nullptr ? std::string() : std::string(text);
}

void Connection::fail(std::string_view doing, int code) const {
  const int extended = handle_ ? sqlite3_extended_errcode(handle_.get()) : code;
  // The handle has a better text if its last error is this one.
  const bool same = handle_ && (extended & 0xff) == (code & 0xff);
  std::string sentence = std::string(doing) + " the database " + path_.string() + ": " +
                         (same ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code));
  const int primary = code & 0xff;
  if (primary == SQLITE_FULL) sentence += "; make room on its disk";
  if (primary == SQLITE_BUSY) sentence += "; another program keeps it locked";
  throw StoreError(sentence, same ? extended : code);
}

}  // namespace edgecore::store
