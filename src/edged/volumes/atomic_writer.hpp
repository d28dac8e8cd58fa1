// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "edgecore/base/clock.hpp"

namespace edgecore::edged {

/// A file of a content volume.
struct ContentFile {
  std::string data;
  mode_t mode = 0644;
  std::optional<uid_t> owner = std::nullopt;  ///< nullopt: root
  bool operator==(const ContentFile&) const = default;
};
/// Files by path relative to the volume.
using Payload = std::map<std::string, ContentFile>;

/// Throws BadInput for a path that a content volume must not hold. Allowed: relative, no empty, "." or ".."
/// element, the first one not starting with "..", at most 4096 bytes, 255 per element.
void check_payload_path(const std::string& path);

/// Replaces all files of a volume atomically: readers see either the old or the new set, whatever happens in
/// between (protocol/05-edged.md §2.2):
///
///     ..2024_05_01_10_00_00.123456789/   the files
///     ..data -> ..2024_05_01_10_00_00.123456789      replaced by rename: the moment of change
///     key1 -> ..data/key1                one link per first path element
///
/// Nothing is flushed to disk: after a power cut the set is compared and rewritten before any container is
/// started. Blocks; one writer at a time per directory.
class AtomicWriter {
 public:
  /// The next step; tests stop the writer there.
  enum class Step { kNewFiles, kPrepareLink, kSwitch, kUserLinks, kObsoleteLinks, kRemoveOld, kDone };

  struct Options {
    std::filesystem::path directory;  ///< exists and is ours
    std::optional<gid_t> fs_group = std::nullopt;
    const Clock* clock = &SystemClock::instance();
    std::function<void(Step)> before = nullptr;
  };
  explicit AtomicWriter(Options options) : options_(std::move(options)) {}

  /// True if the visible set was replaced. Writes nothing if names, bytes, modes and owners are the same
  /// already. Repairs what an interrupted write left behind. Throws BadInput for a forbidden path and
  /// SystemError if the file system refuses; the old set is then still visible.
  bool write(const Payload& payload);

 private:
  void step(Step next) const {
    if (options_.before) options_.before(next);
  }
  Options options_;
};

}  // namespace edgecore::edged
