// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/cri/container_logs.hpp"
#include "metaserver/logs/pod_log_options.hpp"

namespace edgecore::metaserver {

/// Bytes of a log that are read at a time.
inline constexpr std::size_t kLogSlice = 64UL * 1024;

/// The lines of a log that are wanted, counted from its end.
struct LogTail {
  std::optional<std::uint64_t> lines;
  std::optional<WallTime> since;
  PodLogOptions::Stream stream = PodLogOptions::Stream::kAll;

  [[nodiscard]] bool everything() const { return !lines && !since; }
};
bool is_of(PodLogOptions::Stream stream, bool is_stderr);

/// Finds the beginning of the last lines of one log: searches backwards, newest file first, a slice at a
/// time. The count continues in the next older file. Each step blocks shortly.
class LogTailSearch {
 public:
  explicit LogTailSearch(const LogTail& tail) : tail_(tail) {}

  /// Starts on a plain file.
  void begin(cri::LogFilePtr file);
  /// Starts on a compressed file, which is read from its front.
  void begin_compressed(cri::LogFilePtr file);
  /// Reads one slice; true if this file is done.
  bool step();

  /// The lines begin in the file that is done.
  [[nodiscard]] bool found() const { return found_; }
  /// The offset at which they begin, in a plain file.
  [[nodiscard]] std::uint64_t offset() const { return start_; }
  /// How many complete lines come before them, in a compressed file.
  [[nodiscard]] std::uint64_t skip() const { return skip_; }

 private:
  bool step_back();
  bool step_compressed();
  bool visit(std::uint64_t at, std::string_view line);
  [[nodiscard]] bool too_old(std::string_view time) const;

  LogTail tail_;
  std::uint64_t counted_ = 0;  ///< complete lines found so far, from the end
  bool seen_any_ = false;
  bool found_ = false;
  std::uint64_t start_ = 0, skip_ = 0;

  cri::LogFilePtr file_;
  std::uint64_t end_ = 0;  ///< the search goes on in front of this offset
  std::uint64_t size_ = 0;
  std::string head_;  ///< the first bytes behind `end_`
  std::string buffer_;

  std::unique_ptr<cri::GzipReader> unpacked_;
  cri::LogScanner scanner_;
  std::uint64_t inside_ = 0;  ///< lines of the compressed file
  bool begins_too_old_ = false, first_line_ = true;
};

}  // namespace edgecore::metaserver
