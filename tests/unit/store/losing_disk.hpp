// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace edgecore::store {

/// A disk that can lose power: a layer over SQLite's file access that records for each file the synced bytes
/// and the later writes. `cut_power` makes the files that a machine might find after the cut: all synced
/// bytes and a random part of the later writes, in any order, torn anywhere. Install before a store is
/// opened; one at a time; any thread.
class LosingDisk {
 public:
  LosingDisk();
  LosingDisk(const LosingDisk&) = delete;
  LosingDisk& operator=(const LosingDisk&) = delete;
  ~LosingDisk();

  /// Copies to `into` what remains of the files of `from` if the power fails now.
  void cut_power(const std::filesystem::path& from, const std::filesystem::path& into, std::mt19937& random);
  /// As cut_power(), in the worst case: only the synced bytes.
  void lose_unsynced(const std::filesystem::path& from, const std::filesystem::path& into);
  /// Syncs that reached the disk.
  [[nodiscard]] int syncs() const;
  /// From now on every sync and write fails with an I/O error (or no longer).
  void break_writes(bool broken);

  struct File;  // SQLite's file object; in losing_disk.cpp
  struct Change {
    sqlite3_int64 offset = 0;
    std::string data;
    bool truncation = false;
  };
  struct Image {
    std::string durable;
    std::vector<Change> pending;
  };

  // For the layer.
  void wrote(const std::string& path, Change change);
  void synced(const std::string& path);
  void removed(const std::string& path);
  [[nodiscard]] bool broken() const;
  [[nodiscard]] sqlite3_vfs& base() const { return *base_; }

 private:
  static void apply(std::string& content, const Change& change);

  sqlite3_vfs* base_;
  std::unique_ptr<sqlite3_vfs> layer_;
  mutable std::mutex mutex_;
  std::map<std::string, Image> images_;
  int syncs_ = 0;
  bool broken_ = false;
};

}  // namespace edgecore::store
