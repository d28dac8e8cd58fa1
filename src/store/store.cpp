// SPDX-License-Identifier: Apache-2.0
#include "edgecore/store/store.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "edgecore/base/files.hpp"
#include "edgecore/base/log.hpp"
#include "store/connection.hpp"
#include "store/opening.hpp"
#include "store/sql.hpp"
#include "store/writer.hpp"

namespace edgecore::store {
namespace {

/// The result of a write, for the thread that waits. The failure is moved, not shared, so that the waiter
/// frees the exception that it reads.
class Verdict {
 public:
  void give(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    given_ = true;
    arrived_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return given_; });
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool given_ = false;
  std::exception_ptr failure_;
};

LockFile lock_beside(const std::filesystem::path& path) {
  const std::string lock_path = path.string() + ".lock";
  auto lock = LockFile::acquire(lock_path);
  if (!lock) {
    throw Error("the database " + path.string() + " is in use by another edgecore (" + lock_path +
                " holds its process id); stop it first");
  }
  return std::move(*lock);
}

std::filesystem::path prepare_directory(const std::filesystem::path& path) {
  if (path.empty()) throw Error("the configuration names no database file: set database.dataSource");
  const auto whole = std::filesystem::absolute(path);
  make_directories(whole.parent_path(), 0700);
  return whole;
}

}  // namespace

struct Store::Parts {
  explicit Parts(const Options& options)
      : path(prepare_directory(options.path)),
        lock(lock_beside(path)),
        opened(open_database(path, *options.clock)),
        writer(*opened.connection, options.limits) {}

  std::filesystem::path path;
  LockFile lock;
  Opened opened;
  Writer writer;
  std::mutex closing;
};

Store::Store(Options options) : parts_(std::make_unique<Parts>(options)) {}

Store::~Store() {
  try {
    close();
  } catch (const std::exception& error) {
    log::get("store")->error("{}", error.what());
  }
}

bool Store::was_rebuilt() const {
  return parts_->opened.rebuilt;
}
bool Store::was_empty() const {
  return parts_->opened.empty;
}
const std::filesystem::path& Store::path() const {
  return parts_->path;
}

bool Store::submit(Job job, Done done, std::size_t bytes) {
  return parts_->writer.submit({std::move(job), std::move(done), bytes});
}

void Store::submit_and_wait_turn(Job job, Done done, std::size_t bytes) {
  parts_->writer.submit_and_wait_turn({std::move(job), std::move(done), bytes});
}

void Store::write(Job job) {
  parts_->writer.refuse_own_thread();
  // Shared, because the writer may still use it when the waiter continues.
  const auto verdict = std::make_shared<Verdict>();
  submit_and_wait_turn(std::move(job),
                       [verdict](std::exception_ptr failure) { verdict->give(std::move(failure)); });
  verdict->wait();
}

void Store::flush() {
  parts_->writer.flush();
}

Reader Store::open_reader() const {
  auto connection = std::make_unique<Connection>(parts_->path, Connection::Mode::kReader);
  return Reader(std::move(connection));
}

Counters Store::counters() const {
  return parts_->writer.counters();
}

void Store::close() {
  parts_->writer.refuse_own_thread();
  const std::lock_guard lock(parts_->closing);
  if (!parts_->opened.connection) return;
  parts_->writer.stop();
  // Take the connection, so that it closes whatever happens: SQLite then merges the WAL if it can.
  const auto connection = std::move(parts_->opened.connection);
  connection->busy_timeout(500);
  if (connection->ask(sql::kLeaveWal) != "delete") {
    throw StoreError(
        "the database " + parts_->path.string() + " stays in two files (-wal) because it is still read", 0);
  }
}

}  // namespace edgecore::store
