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

/// Bytes of a log that are worked on at a time.
inline constexpr std::size_t kLogSlice = 64UL * 1024;

/// Which lines of a log are asked for, from its end.
struct LogTail {
  std::optional<std::uint64_t> lines;
  std::optional<WallTime> since;
  PodLogOptions::Stream stream = PodLogOptions::Stream::kAll;

  [[nodiscard]] bool everything() const { return !lines && !since; }
};
bool is_of(PodLogOptions::Stream stream, bool is_stderr);

/// Looks from the end of a log's files for where its last lines begin: newest file first, a slice at a time.
/// One log; what is found in one file is remembered for the next older one. The steps block, shortly.
class LogTailSearch {
 public:
  explicit LogTailSearch(const LogTail& tail) : tail_(tail) {}

  /// Begins with a plain file.
  void begin(cri::LogFilePtr file);
  /// Begins with a compressed one, which is read from its front.
  void begin_compressed(cri::LogFilePtr file);
  /// One slice; true when this file is done.
  bool step();

  /// The beginning lies in the file that is done.
  [[nodiscard]] bool found() const { return found_; }
  /// Where in a plain file.
  [[nodiscard]] std::uint64_t offset() const { return start_; }
  /// How many whole lines that are asked for come before it, in a compressed one.
  [[nodiscard]] std::uint64_t skip() const { return skip_; }

 private:
  bool step_back();
  bool step_compressed();
  bool visit(std::uint64_t at, std::string_view line);
  [[nodiscard]] bool too_old(std::string_view time) const;

  LogTail tail_;
  std::uint64_t counted_ = 0;  ///< lines behind what was looked at
  bool seen_any_ = false;
  bool found_ = false;
  std::uint64_t start_ = 0, skip_ = 0;

  cri::LogFilePtr file_;
  std::uint64_t end_ = 0;  ///< of what is still to be looked at
  std::uint64_t size_ = 0;
  std::string head_;  ///< the first bytes behind `end_`
  std::string buffer_;

  std::unique_ptr<cri::GzipReader> unpacked_;
  cri::LogScanner scanner_;
  std::uint64_t inside_ = 0;  ///< lines of the compressed file
  bool begins_too_old_ = false, first_line_ = true;
};

}  // namespace edgecore::metaserver
