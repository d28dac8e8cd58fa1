// SPDX-License-Identifier: Apache-2.0
#include "store/writer.hpp"

#include <pthread.h>

#include <algorithm>

#include "edgecore/base/log.hpp"
#include "store/connection.hpp"
#include "store/sql.hpp"

namespace edgecore::store {
namespace {

// SQLite rolled back the whole transaction while a job ran (full disk, I/O error): the jobs before it in the
// batch must run again.
struct TransactionLost {
  std::exception_ptr reason;
};

}  // namespace

Writer::Writer(Connection& connection, const Limits& limits)
    : connection_(connection), limits_(limits), thread_([this] { loop(); }) {}

bool Writer::has_room(std::size_t bytes) const {
  if (queue_.empty()) return true;
  return queue_.size() < limits_.queued_jobs && queued_bytes_ + bytes <= limits_.queued_bytes;
}

void Writer::take(Entry entry) {
  queued_bytes_ += entry.bytes;
  ++taken_;
  queue_.push_back(std::move(entry));
  work_.notify_one();
}

bool Writer::submit(Entry entry) {
  const std::lock_guard lock(mutex_);
  if (stopping_) throw StoreClosed("the database is closed");
  if (!has_room(entry.bytes)) return false;
  take(std::move(entry));
  return true;
}

void Writer::submit_and_wait_turn(Entry entry) {
  std::exception_ptr refusal;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = std::make_exception_ptr(StoreClosed("the database is closed"));
    } else if (queue_.size() >= 2 * limits_.queued_jobs) {
      refusal = std::make_exception_ptr(QueueFull("too many writes wait for the database"));
    } else {
      take(std::move(entry));
      return;
    }
  }
  entry.done(refusal);
}

void Writer::flush() {
  refuse_own_thread();
  std::unique_lock lock(mutex_);
  const std::uint64_t target = taken_;
  ended_.wait(lock, [&] { return finished_ >= target; });
}

void Writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    work_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Counters Writer::counters() const {
  const std::lock_guard lock(mutex_);
  Counters now = counters_;
  now.queued = queue_.size();
  return now;
}

void Writer::refuse_own_thread() const {
  if (std::this_thread::get_id() == thread_id_) {
    throw Error("a database job or its completion waits for the database itself");
  }
}

void Writer::loop() {
  ::pthread_setname_np(::pthread_self(), "store");
  for (;;) {
    std::vector<Entry> batch = next_batch();
    if (batch.empty()) return;
    run(batch);
  }
}

// Takes the waiting jobs up to the limits of a batch; empty when the thread is to end. Batches adapt by
// themselves: the longer a commit takes, the more jobs wait for the next one.
std::vector<Writer::Entry> Writer::next_batch() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
  std::vector<Entry> batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < limits_.batch_jobs) {
    bytes += queue_.front().bytes;
    if (!batch.empty() && bytes > limits_.batch_bytes) break;
    queued_bytes_ -= queue_.front().bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void Writer::run(std::vector<Entry>& batch) {
  Failures failures;
  try {
    failures = run_together(batch);
  } catch (const TransactionLost& lost) {
    roll_back();
    if (batch.size() == 1) {
      failures.push_back(lost.reason);
    } else {
      for (Entry& entry : batch) failures.push_back(run_alone(entry));
    }
  } catch (...) {  // the transaction could not begin
    failures.assign(batch.size(), std::current_exception());
  }
  report(batch, std::move(failures));
}

Writer::Failures Writer::run_together(std::vector<Entry>& batch) {
  Failures failures(batch.size());
  begin();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!run_behind_savepoint(batch[i], failures[i])) throw TransactionLost{failures[i]};
  }
  try {
    commit();
  } catch (...) {
    throw TransactionLost{std::current_exception()};
  }
  return failures;
}

// Runs a job in a transaction of its own, so that each gets its own result (a deletion may succeed on a full
// disk).
std::exception_ptr Writer::run_alone(Entry& entry) {
  try {
    begin();
    std::exception_ptr failure;
    if (run_behind_savepoint(entry, failure)) commit();
    if (failure) roll_back();
    return failure;
  } catch (...) {
    const auto failure = std::current_exception();
    roll_back();
    return failure;
  }
}

// False: the transaction was rolled back, with the writes of other jobs. A job that fails alone leaves it
// intact.
bool Writer::run_behind_savepoint(Entry& entry, std::exception_ptr& failure) {
  try {
    connection_.execute(sql::kJobBegin);
    Transaction transaction(connection_);
    entry.job(transaction);
    connection_.execute(sql::kJobKeep);
    return true;
  } catch (...) {
    failure = std::current_exception();
  }
  if (!connection_.in_transaction()) return false;
  try {
    connection_.execute(sql::kJobUndo);
  } catch (const std::exception& error) {
    log::get("store")->warn("a failed write could not be rolled back alone: {}", error.what());
    return false;
  }
  return true;
}

void Writer::begin() {
  connection_.execute(sql::kBegin);
  changes_at_begin_ = connection_.total_changes();
}

void Writer::commit() {
  const bool changed = connection_.total_changes() != changes_at_begin_;
  connection_.execute(sql::kCommit);
  if (changed) ++commits_;
}

void Writer::roll_back() {
  if (!connection_.in_transaction()) return;
  try {
    connection_.execute(sql::kRollback);
  } catch (const std::exception& error) {
    log::get("store")->error("a transaction could not be rolled back: {}", error.what());
  }
}

void Writer::report(std::vector<Entry>& batch, Failures failures) {
  {
    // Update the counters before `done`, so that a `done` sees its own job counted.
    const std::lock_guard lock(mutex_);
    counters_.jobs += batch.size();
    counters_.failed += static_cast<std::uint64_t>(std::count_if(
        failures.begin(), failures.end(), [](const auto& failure) { return failure != nullptr; }));
    counters_.batches += 1;
    counters_.commits = commits_;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].job = nullptr;  // free its captures before the caller continues
    try {
      if (batch[i].done) batch[i].done(std::move(failures[i]));
    } catch (const std::exception& error) {
      log::get("store")->error("the completion of a write failed: {}", error.what());
    } catch (...) {
      log::get("store")->error("the completion of a write failed with an unknown exception");
    }
    batch[i].done = nullptr;
  }
  const std::lock_guard lock(mutex_);
  finished_ += batch.size();
  ended_.notify_all();
}

}  // namespace edgecore::store
