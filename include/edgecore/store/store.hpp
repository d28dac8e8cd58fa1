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

/// A unit of work: either all of its writes are stored, or none. Runs on the writer thread and must not
/// block. It may run twice (alone, after its batch has failed), so its effects on captured state must be
/// idempotent; only the writes of the last run are stored. If it throws, it fails without a trace in the
/// database.
using Job = std::function<void(Transaction&)>;

/// Called once on the writer thread: with nullptr after the job's commit is on disk, otherwise with the
/// failure (StoreError, QueueFull, StoreClosed, or the job's exception). Must be short: post to your own
/// executor. Must not throw (it is logged and dropped) and must not call write, flush or close.
using Done = std::function<void(std::exception_ptr)>;

/// Bounds of the queue; beyond them jobs are refused (docs/architecture.md, promise 5).
struct Limits {
  std::size_t queued_jobs = 4096;
  std::size_t queued_bytes = 16U << 20U;  ///< sum of the sizes that callers give with their jobs
  std::size_t batch_jobs = 256;           ///< jobs per commit
  std::size_t batch_bytes = 4U << 20U;
};

struct Options {
  std::filesystem::path path;  ///< `database.dataSource`, usually /var/lib/kubeedge/edgecore.db
  Limits limits;
  const Clock* clock = &SystemClock::instance();  ///< dates files set aside; must outlive the store
};

struct Counters {
  std::uint64_t jobs = 0;     ///< finished jobs, failed ones included
  std::uint64_t failed = 0;   ///< failed jobs
  std::uint64_t batches = 0;  ///< groups of jobs that shared a transaction
  std::uint64_t commits = 0;  ///< batches with changes, each one sync of the disk
  std::size_t queued = 0;     ///< jobs waiting now
};

/// The node's database: one SQLite file, laid out as the Go EdgeCore v1.17 does (protocol/02-metamanager.md
/// §1, protocol/04-devices.md §2.1, §5.1) so that either agent can take over from the other. Owned by `main`,
/// used by all modules.
///
/// Writing: `submit` from any thread. One writer thread runs the jobs in order of arrival. Jobs that wait at
/// the same time share one transaction and one sync of the disk (group commit). Each has its own savepoint,
/// so that a failure affects no other job. A batch without changes does not touch the disk.
///
/// Reading: `open_reader`, one for each module.
///
/// Back-pressure: `submit` refuses when `Limits` are reached, and the caller coalesces, drops or answers with
/// an error. `submit_and_wait_turn` is for a caller that does nothing else until `done` (the awaitable
/// `async_write`): up to `queued_jobs` of these wait in order of arrival, further ones fail with QueueFull. A
/// single job larger than `queued_bytes` is accepted when the queue is empty.
///
/// On the disk: WAL and synchronous=FULL while open, so that `kill -9` or a power cut loses nothing that
/// `done` has reported. A clean close merges the WAL and returns to the rollback journal: then the one file
/// is complete. A full disk or an I/O error fails the current jobs with StoreError; later jobs are tried
/// again.
class Store {
 public:
  /// Opens or creates the database: a new directory gets mode 0700, the file 0600; missing tables and columns
  /// are added. A file that is not a database or fails `quick_check` is moved to `<path>.corrupt-<UTC time>`
  /// (with its -wal and -shm) and a new one is created. Throws Error (for the operator) if another process
  /// uses the database, if it cannot be read or written, or if it has tables that are not an EdgeCore's.
  explicit Store(Options options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  /// Closes; logs a failure of close().
  ~Store();

  /// True if the file was unusable at opening and was set aside.
  [[nodiscard]] bool was_rebuilt() const;
  /// True if the database had no `meta` row at opening: a new node, or one that lost its file. Ask the cloud
  /// for everything if it is, or if `info::resync_needed` is set, which survives restarts until it is
  /// cleared.
  [[nodiscard]] bool was_empty() const;
  [[nodiscard]] const std::filesystem::path& path() const;

  /// Queues a job of roughly `bytes`. False: the queue is full, and `done` will not be called. Throws
  /// StoreClosed after close().
  [[nodiscard]] bool submit(Job job, Done done, std::size_t bytes = 0);
  /// As submit(), but waits for room in the queue: see "Back-pressure". Failures go to `done`; for QueueFull
  /// and StoreClosed it is called on the calling thread before this returns.
  void submit_and_wait_turn(Job job, Done done, std::size_t bytes = 0);
  /// Runs a job and blocks until it is on disk; rethrows its failure. For start-up, tools and tests.
  void write(Job job);
  /// Blocks until every job accepted so far is finished and its `done` has returned. A module calls this
  /// before it destroys the io_context that its `done` callbacks post to.
  void flush();

  /// Any thread. Throws StoreError.
  [[nodiscard]] Reader open_reader() const;
  [[nodiscard]] Counters counters() const;

  /// Refuses further jobs, finishes the accepted ones, merges the WAL and closes. Idempotent. Throws
  /// StoreError if the WAL could not be merged (a reader is still open, the disk is full): nothing is lost,
  /// because the next opening reads the WAL.
  void close();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace edgecore::store
