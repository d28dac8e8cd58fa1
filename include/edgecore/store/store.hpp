// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>

#include "edgecore/base/clock.hpp"
#include "edgecore/store/error.hpp"
#include "edgecore/store/source.hpp"

namespace edgecore::store {

/// A unit of work: all of what it writes is stored, or nothing. Runs on the writer thread and must not wait
/// for anything. It may run twice (alone, after the batch it was in failed), so what it leaves in its
/// captures must not depend on how often it ran; only the last run's writes are kept. Throwing makes it fail
/// without a trace.
using Job = std::function<void(Transaction&)>;

/// Called once on the writer thread: with nullptr after the job's commit is on disk, otherwise with what went
/// wrong (StoreError, QueueFull, StoreClosed, or what the job threw). Must be short: post to your own
/// executor. Must not throw (it is logged and dropped) and must not call write, flush or close.
using Done = std::function<void(std::exception_ptr)>;

/// What the store holds back before it says no (docs/architecture.md, promise 5).
struct Limits {
  std::size_t queued_jobs = 4096;
  std::size_t queued_bytes = 16U << 20U;  ///< of what callers declare with their jobs
  std::size_t batch_jobs = 256;           ///< share one commit, at most
  std::size_t batch_bytes = 4U << 20U;
};

struct Options {
  std::filesystem::path path;  ///< `database.dataSource`, usually /var/lib/kubeedge/edgecore.db
  Limits limits;
  const Clock* clock = &SystemClock::instance();  ///< names files set aside; must outlive the store
};

struct Counters {
  std::uint64_t jobs = 0;     ///< finished, well or not
  std::uint64_t failed = 0;   ///< of these, not well
  std::uint64_t batches = 0;  ///< groups of jobs that shared a transaction
  std::uint64_t commits = 0;  ///< of these, the ones that had something to write: syncs of the disk
  std::size_t queued = 0;     ///< waiting now
};

/// The node's database: one SQLite file, laid out as the Go EdgeCore v1.17 does (protocol/02-metamanager.md
/// §1, protocol/04-devices.md §2.1, §5.1) so that either agent can take over from the other. Owned by `main`,
/// used by every module.
///
/// Writing: `submit` from any thread. One writer thread runs the jobs in the order in which they came; jobs
/// that wait at the same time share one transaction and one sync of the disk (group commit), each behind its
/// own savepoint, so that one that fails takes no other down. A batch that changes nothing writes nothing to
/// the disk.
///
/// Reading: `open_reader`, one for each module.
///
/// Back-pressure: `submit` refuses when `Limits` are reached, and the caller coalesces, drops or answers with
/// an error. `submit_and_wait_turn` is for a caller who does nothing else until `done` (the awaitable
/// `async_write`): up to `queued_jobs` more of these are kept waiting in order of arrival, then they fail
/// with QueueFull. A single job larger than `queued_bytes` is taken when the queue is empty.
///
/// On the disk: WAL and synchronous=FULL while open, so that `kill -9` or a power cut loses nothing that
/// `done` has reported. A clean close folds the WAL in and goes back to the rollback journal: then the one
/// file is complete. A full disk or an I/O error fails the jobs at hand with StoreError; later ones are tried
/// afresh.
class Store {
 public:
  /// Opens or makes the database: directory 0700 (if made), file 0600, tables and columns added where
  /// missing. A file that is no database or does not pass `quick_check` is moved to `<path>.corrupt-<UTC
  /// time>` (with its -wal and -shm) and a new one is made. Throws Error (a sentence for the operator) when
  /// another process has the database, when it cannot be read or written, or when it has tables that cannot
  /// be ours.
  explicit Store(Options options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  /// Closes; logs what close would throw.
  ~Store();

  /// True when the file found at opening was unusable and set aside.
  [[nodiscard]] bool was_rebuilt() const;
  /// True when the database had no `meta` row at opening: a fresh node, or one that lost its file. Together
  /// with `info::resync_needed`, which stays set over restarts until it is cleared, the sign to ask the cloud
  /// for everything.
  [[nodiscard]] bool was_empty() const;
  [[nodiscard]] const std::filesystem::path& path() const;

  /// Queues a job; `bytes` is about what it carries. False: the queue is full, nothing was taken, `done` will
  /// not be called. Throws StoreClosed after close.
  [[nodiscard]] bool submit(Job job, Done done, std::size_t bytes = 0);
  /// As above, but never refuses on the spot: see "Back-pressure". Failure comes through `done`, which for
  /// QueueFull and StoreClosed is called on the calling thread, before this returns.
  void submit_and_wait_turn(Job job, Done done, std::size_t bytes = 0);
  /// Runs a job and returns when it is on disk; rethrows what made it fail. For start-up, tools and tests: it
  /// blocks.
  void write(Job job);
  /// Returns when every job taken so far is finished and its `done` has been called. A module that is torn
  /// down calls this before it destroys the io_context its writes come back to.
  void flush();

  /// Any thread. Throws StoreError.
  [[nodiscard]] Reader open_reader() const;
  [[nodiscard]] Counters counters() const;

  /// Takes no more jobs, finishes those taken, folds the WAL in and closes. Idempotent. Throws StoreError
  /// when the WAL could not be folded in (a reader still open, a full disk): nothing is lost, the next
  /// opening reads it.
  void close();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace edgecore::store
