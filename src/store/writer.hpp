// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "edgecore/store/store.hpp"

namespace edgecore::store {

/// The writer thread: takes waiting jobs, runs them in one transaction and reports. See `Store` for the
/// rules.
class Writer {
 public:
  struct Entry {
    Job job;
    Done done;
    std::size_t bytes = 0;
  };

  /// Starts the thread, which uses `connection` until `stop` has returned.
  Writer(Connection& connection, const Limits& limits);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { stop(); }

  [[nodiscard]] bool submit(Entry entry);
  void submit_and_wait_turn(Entry entry);
  void flush();
  /// Finishes the accepted jobs and ends the thread.
  void stop();
  [[nodiscard]] Counters counters() const;
  /// Throws Error if called from a job or a `done`, where waiting for the writer would be a deadlock.
  void refuse_own_thread() const;

 private:
  using Failures = std::vector<std::exception_ptr>;

  [[nodiscard]] bool has_room(std::size_t bytes) const;
  void take(Entry entry);
  void loop();
  std::vector<Entry> next_batch();
  void run(std::vector<Entry>& batch);
  Failures run_together(std::vector<Entry>& batch);
  std::exception_ptr run_alone(Entry& entry);
  bool run_behind_savepoint(Entry& entry, std::exception_ptr& failure);
  void begin();
  void commit();
  void roll_back();
  void report(std::vector<Entry>& batch, Failures failures);

  Connection& connection_;
  const Limits limits_;

  mutable std::mutex mutex_;
  std::condition_variable work_;   // for the thread
  std::condition_variable ended_;  // for flush
  std::deque<Entry> queue_;        // jobs within the limits, then jobs that wait their turn
  std::size_t queued_bytes_ = 0;
  std::uint64_t taken_ = 0;     // jobs ever taken
  std::uint64_t finished_ = 0;  // reported ones of these
  bool stopping_ = false;
  Counters counters_;
  std::int64_t changes_at_begin_ = 0;  // writer thread only
  std::uint64_t commits_ = 0;          // writer thread only, copied to counters_ after each batch

  std::thread thread_;  // last, because it uses the members above
  const std::thread::id thread_id_ = thread_.get_id();
};

}  // namespace edgecore::store
