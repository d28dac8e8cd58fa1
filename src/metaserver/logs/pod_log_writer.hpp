// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "edgecore/cri/container_logs.hpp"
#include "metaserver/logs/pod_log_tail.hpp"

namespace edgecore::metaserver {

/// Turns the bytes of log files into the answer: selects lines, joins lines that were written in several
/// pieces, adds times, and stops at the limit. Buffers at most the last input. No I/O.
class LogWriter {
 public:
  /// Ignores `tail.lines`: the caller feeds from where they begin.
  LogWriter(const LogTail& tail, bool timestamps, std::optional<std::uint64_t> limit_bytes);

  /// Skips this many complete lines.
  void skip(std::uint64_t lines) { skip_ = lines; }
  void feed(std::string_view bytes);
  /// The next byte comes from another file: an unfinished line ends here.
  void next_file();

  /// Takes the output so far, at most kLogSlice bytes; "" if there is none.
  std::string take();
  /// The limit is reached: there will be no more output.
  [[nodiscard]] bool full() const { return left_ == std::uint64_t{0}; }

 private:
  void take_piece(const cri::LogPiece& piece);
  void put(std::string_view text);

  LogTail tail_;
  bool timestamps_;
  std::optional<std::uint64_t> left_;
  std::uint64_t skip_ = 0;
  cri::LogScanner scanner_;
  bool drop_ = false;        ///< the current line is not selected
  bool line_begins_ = true;  ///< the next output begins a line
  std::string out_;
};

}  // namespace edgecore::metaserver
