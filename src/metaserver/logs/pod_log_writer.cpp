// SPDX-License-Identifier: Apache-2.0
#include "metaserver/logs/pod_log_writer.hpp"

#include <algorithm>
#include <utility>

#include "edgecore/kube/time.hpp"

namespace edgecore::metaserver {

LogWriter::LogWriter(const LogTail& tail, bool timestamps, std::optional<std::uint64_t> limit_bytes)
    : tail_(tail), timestamps_(timestamps), left_(limit_bytes) {}

void LogWriter::feed(std::string_view bytes) {
  const cri::LogScanner::Take take = [this](const cri::LogPiece& piece) { take_piece(piece); };
  scanner_.feed(bytes, take);
}

void LogWriter::next_file() {
  if (scanner_.within_line() && !line_begins_ && !drop_) {
    put("\n");
    line_begins_ = true;
  }
  scanner_.reset();
}

void LogWriter::take_piece(const cri::LogPiece& piece) {
  if (piece.begins) {
    drop_ = !is_of(tail_.stream, piece.is_stderr);
    if (!drop_ && tail_.since) {
      const auto when = kube::parse_time(piece.time);
      drop_ = when && *when < *tail_.since;
    }
  }
  if (drop_) return;
  const bool whole = piece.ends && !piece.partial;
  if (skip_ > 0) {
    if (whole) --skip_;
    return;
  }
  if (line_begins_ && timestamps_) {
    put(cri::fixed_log_time(piece.time));
    put(" ");
  }
  line_begins_ = whole;
  put(piece.text);
  if (whole) put("\n");
}

void LogWriter::put(std::string_view text) {
  if (left_) {
    text = text.substr(0, std::min<std::uint64_t>(text.size(), *left_));
    *left_ -= text.size();
  }
  out_ += text;
}

std::string LogWriter::take() {
  if (out_.size() <= kLogSlice) return std::exchange(out_, {});
  std::string piece = out_.substr(0, kLogSlice);
  out_.erase(0, kLogSlice);
  return piece;
}

}  // namespace edgecore::metaserver
