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

/// Makes what the client gets out of the bytes of log files: chooses lines, joins those that were written in
/// several pieces, puts times in front, and stops at the limit. Holds no more than it was fed last. No I/O.
class LogWriter {
 public:
  /// `tail.lines` is not looked at: the caller feeds from where they begin.
  LogWriter(const LogTail& tail, bool timestamps, std::optional<std::uint64_t> limit_bytes);

  /// So many whole lines that are asked for are dropped first.
  void skip(std::uint64_t lines) { skip_ = lines; }
  void feed(std::string_view bytes);
  /// The next byte is another file's. A line that was cut off by it ends here.
  void next_file();

  /// Takes what there is to be sent, at most kLogSlice bytes; "" when there is nothing.
  std::string take();
  /// The limit is reached: nothing more will come.
  [[nodiscard]] bool full() const { return left_ == std::uint64_t{0}; }

 private:
  void take_piece(const cri::LogPiece& piece);
  void put(std::string_view text);

  LogTail tail_;
  bool timestamps_;
  std::optional<std::uint64_t> left_;
  std::uint64_t skip_ = 0;
  cri::LogScanner scanner_;
  bool drop_ = false;        ///< the line in hand is not asked for
  bool line_begins_ = true;  ///< what is put next begins a line of the answer
  std::string out_;
};

}  // namespace edgecore::metaserver
