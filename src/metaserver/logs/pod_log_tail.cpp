// SPDX-License-Identifier: Apache-2.0
#include "metaserver/logs/pod_log_tail.hpp"

#include <algorithm>

#include "edgecore/kube/time.hpp"

namespace edgecore::metaserver {
namespace {

/// stdout and stderr are stamped before they are written, so their lines may be out of order.
constexpr std::chrono::seconds kDisorder{1};

}  // namespace

bool is_of(PodLogOptions::Stream stream, bool is_stderr) {
  return stream == PodLogOptions::Stream::kAll || (stream == PodLogOptions::Stream::kStderr) == is_stderr;
}

void LogTailSearch::begin(cri::LogFilePtr file) {
  unpacked_.reset();
  file_ = std::move(file);
  size_ = end_ = start_ = file_->size();
  head_.clear();
}

void LogTailSearch::begin_compressed(cri::LogFilePtr file) {
  unpacked_ = std::make_unique<cri::GzipReader>(std::move(file));
  scanner_.reset();
  inside_ = skip_ = 0;
  begins_too_old_ = false;
  first_line_ = true;
}

bool LogTailSearch::step() {
  return unpacked_ != nullptr ? step_compressed() : step_back();
}

bool LogTailSearch::too_old(std::string_view time) const {
  if (!tail_.since) return false;
  const auto when = kube::parse_time(time);
  return when && *when < *tail_.since - kDisorder;
}

/// Takes the next line, going backwards; true if the wanted lines begin behind it.
bool LogTailSearch::visit(std::uint64_t at, std::string_view line) {
  const auto header = cri::parse_log_header(line.substr(0, line.find('\n')));
  if (!header) return false;
  if (too_old(header->time)) return true;
  if (is_of(tail_.stream, header->is_stderr)) {
    // The last line of the log counts although it is not complete.
    if (!header->partial || !seen_any_) {
      if (tail_.lines && counted_ == *tail_.lines) return true;
      ++counted_;
    }
    seen_any_ = true;
  }
  start_ = at;
  return false;
}

bool LogTailSearch::step_back() {
  if (tail_.lines == std::uint64_t{0}) found_ = true;
  if (found_ || end_ == 0) return true;
  const std::size_t count = std::min<std::uint64_t>(kLogSlice, end_);
  buffer_.resize(count);
  std::size_t got = 0;
  while (got < count) {
    const std::size_t read = file_->read_at(end_ - count + got, buffer_.data() + got, count - got);
    if (read == 0) break;  // the file was truncated meanwhile
    got += read;
  }
  std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(got), buffer_.end(), '\0');
  buffer_ += head_;
  end_ -= count;
  for (std::size_t i = count; i-- > 0 && !found_;) {
    if (buffer_[i] != '\n' || end_ + i + 1 == size_) continue;
    found_ = visit(end_ + i + 1, std::string_view(buffer_).substr(i + 1, cri::kLongestLogHeader));
  }
  if (!found_ && end_ == 0) found_ = visit(0, std::string_view(buffer_).substr(0, cri::kLongestLogHeader));
  head_ = buffer_.substr(0, cri::kLongestLogHeader);
  return found_ || end_ == 0;
}

bool LogTailSearch::step_compressed() {
  buffer_.resize(kLogSlice);
  const std::size_t count = unpacked_->read(buffer_.data(), buffer_.size());
  const cri::LogScanner::Take take = [this](const cri::LogPiece& piece) {
    if (piece.begins && std::exchange(first_line_, false)) begins_too_old_ = too_old(piece.time);
    if (!piece.ends || piece.partial || !is_of(tail_.stream, piece.is_stderr)) return;
    if (tail_.since) {
      const auto when = kube::parse_time(piece.time);
      if (when && *when < *tail_.since) return;
    }
    ++inside_;
  };
  scanner_.feed(std::string_view(buffer_).substr(0, count), take);
  if (count > 0) return false;
  if (tail_.lines && counted_ + inside_ >= *tail_.lines) {
    skip_ = counted_ + inside_ - *tail_.lines;
    found_ = true;
  }
  found_ = found_ || begins_too_old_;
  counted_ += inside_;
  seen_any_ = seen_any_ || inside_ > 0;
  unpacked_.reset();
  return true;
}

}  // namespace edgecore::metaserver
