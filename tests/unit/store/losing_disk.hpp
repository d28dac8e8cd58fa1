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

/// A disk that can lose power: a layer over SQLite's file access that remembers for each file what was synced
/// and what was only written since. `cut_power` makes the files a machine might find after the cut: what was
/// synced, and of the rest any part, in any order, torn anywhere. Install before a store is opened; one at a
/// time; any thread.
class LosingDisk {
 public:
  LosingDisk();
  LosingDisk(const LosingDisk&) = delete;
  LosingDisk& operator=(const LosingDisk&) = delete;
  ~LosingDisk();

  /// Puts into `into` what is left of the files of `from` if power goes now.
  void cut_power(const std::filesystem::path& from, const std::filesystem::path& into, std::mt19937& random);
  /// The same with the worst luck: nothing that was not synced.
  void lose_unsynced(const std::filesystem::path& from, const std::filesystem::path& into);
  /// Syncs that reached the disk.
  [[nodiscard]] int syncs() const;
  /// From now on every sync and write fails with an I/O error (or no longer).
  void break_writes(bool broken);

  struct File;  // what SQLite holds; in losing_disk.cpp
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
