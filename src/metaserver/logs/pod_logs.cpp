// SPDX-License-Identifier: Apache-2.0
#include "metaserver/logs/pod_logs.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/kube/names.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

/// A rotation between listing the directory and opening its files makes a try fail.
constexpr int kTries = 5;
/// The most rotated files that are read; edged keeps no more than containerLogMaxFiles.
constexpr std::size_t kMostFiles = 32;
constexpr std::uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;

std::string which(const LogTarget& target) {
  return fmt::format("container \"{}\" in pod \"{}\"", target.container, target.pod);
}

/// The uncompressed length of a gzip file, from its trailer (the lower 32 bits).
std::optional<std::uint32_t> unpacked_length(const cri::LogFile& file) {
  std::array<unsigned char, 4> end{};
  const std::uint64_t size = file.size();
  if (size < end.size()) return std::nullopt;
  if (file.read_at(size - end.size(), reinterpret_cast<char*>(end.data()), end.size()) != end.size())
    return std::nullopt;
  return static_cast<std::uint32_t>(end[0]) | static_cast<std::uint32_t>(end[1]) << 8U |
         static_cast<std::uint32_t>(end[2]) << 16U | static_cast<std::uint32_t>(end[3]) << 24U;
}

}  // namespace

PodLog::PodLog(boost::asio::any_io_executor executor, const async::DirectoryWatches& watches,
               PodLogRequest request)
    : executor_(std::move(executor)),
      watch_(watches, kEvents),
      request_(std::move(request)),
      name_(cri::container_log_name(request_.target.number)),
      tail_{request_.options.tail_lines, request_.options.since(request_.now), request_.options.stream},
      writer_(tail_, request_.options.timestamps, request_.options.limit_bytes) {
  const LogTarget& target = request_.target;
  // These become names of directories.
  if (!kube::is_dns_label(target.ns) || !kube::is_dns_subdomain(target.pod) ||
      !kube::is_path_segment(target.uid) || !kube::is_dns_label(target.container))
    bad_request("The names of the pod are invalid");
  try {
    open();
  } catch (const ApiError&) {
    throw;
  } catch (const Error& error) {
    throw ApiError(failure_status(
        error, fmt::format("The log of {} cannot be opened: {}", which(request_.target), error.what())));
  }
}

PodLog::~PodLog() = default;

// ---- Opening

void PodLog::open_directory() {
  if (directory_) return;
  const LogTarget& target = request_.target;
  directory_ = cri::LogDirectory::open(
      request_.pod_logs, cri::pod_log_directory(target.ns, target.pod, target.uid), target.container);
}

void PodLog::open() {
  open_directory();
  if (request_.options.previous && directory_) {
    // A container that failed to start has no log.
    while (request_.target.number > 0 && directory_->files(name_).empty())
      name_ = cri::container_log_name(--request_.target.number);
  }
  for (int i = 0; i < kTries && directory_ && !open_files(); ++i) sources_.clear();
  if (tail_.everything()) take_newest_only();
  const bool may_come = request_.options.follow && request_.target.running;
  if (sources_.empty() && !may_come) {
    kube::Status status = kube::Status::not_found("logs", request_.target.container);
    status.message = fmt::format("the log of {} is not on this node (any more)", which(request_.target));
    throw ApiError(std::move(status));
  }
}

/// False if the files were rotated meanwhile.
bool PodLog::open_files() {
  const cri::LogFilePtr newest = directory_->open_file(name_);
  auto rotated = cri::rotated_logs(name_, directory_->files(name_ + "."));
  if (rotated.size() > kMostFiles)
    rotated.erase(rotated.begin(), rotated.end() - static_cast<std::ptrdiff_t>(kMostFiles));
  for (const auto& one : rotated) {
    Source source;
    source.file = directory_->open_file(one.name);
    if (source.file == nullptr) return false;
    if (newest != nullptr && newest->is_same_as(*source.file)) return false;
    source.stamp = one.stamp;
    source.compressed = one.compressed;
    sources_.push_back(std::move(source));
  }
  if (newest != nullptr) {
    Source source;
    source.file = newest;
    source.stamp = rotated.empty() ? std::string() : rotated.back().stamp;
    source.newest = true;
    sources_.push_back(std::move(source));
  }
  return true;
}

void PodLog::take_newest_only() {
  if (sources_.size() > 1) sources_.erase(sources_.begin(), sources_.end() - 1);
}

// ---- Reading

boost::asio::awaitable<void> PodLog::turn() {
  co_await boost::asio::post(executor_, boost::asio::use_awaitable);
}

/// Finds the first line that the client wants; drops the sources before it.
boost::asio::awaitable<void> PodLog::find_beginning() {
  LogTailSearch search(tail_);
  std::size_t first = sources_.size();
  while (first > 0 && !search.found()) {
    Source& source = sources_[--first];
    if (source.compressed) {
      search.begin_compressed(source.file);
    } else {
      search.begin(source.file);
    }
    bool done = search.step();
    while (!done) {
      co_await turn();
      done = search.step();
    }
    if (source.compressed) {
      writer_.skip(search.skip());
    } else {
      source.offset = search.offset();
    }
  }
  sources_.erase(sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(first));
}

/// Reads the next slice of a source into the buffer.
std::size_t PodLog::read(Source& source) {
  buffer_.resize(kLogSlice);
  std::size_t count = 0;
  if (source.compressed) {
    if (source.unpacked == nullptr) source.unpacked = std::make_unique<cri::GzipReader>(source.file);
    count = source.unpacked->read(buffer_.data(), buffer_.size());
  } else {
    count = source.file->read_at(source.offset, buffer_.data(), buffer_.size());
    source.offset += count;
  }
  buffer_.resize(count);
  return count;
}

boost::asio::awaitable<void> PodLog::send_ready(const LogSink& sink) {
  for (std::string piece = writer_.take(); !piece.empty(); piece = writer_.take())
    co_await sink(std::move(piece));
}

/// Sends a source up to its present end.
boost::asio::awaitable<void> PodLog::send_all(Source& source, const LogSink& sink) {
  while (!writer_.full() && read(source) > 0) {
    writer_.feed(buffer_);
    co_await send_ready(sink);
    co_await turn();
  }
}

boost::asio::awaitable<void> PodLog::run(LogSink sink) {
  if (!tail_.everything()) co_await find_beginning();
  for (std::size_t i = 0; i < sources_.size() && !writer_.full(); ++i) {
    if (i > 0) writer_.next_file();
    co_await send_all(sources_[i], sink);
  }
  if (sources_.size() > 1) sources_.erase(sources_.begin(), sources_.end() - 1);
  if (request_.options.follow && !writer_.full()) co_await follow(sink);
  co_await send_ready(sink);
}

// ---- Following

/// Whether the file that is being read still has the log's name.
PodLog::Place PodLog::place() const {
  const cri::LogFilePtr there = directory_->open_file(name_);
  if (there == nullptr) return Place::kMovedAside;
  return there->is_same_as(*sources_.back().file) ? Place::kCurrent : Place::kReplaced;
}

/// Whether a rotated file is the one that is being read, under its new name or compressed.
bool PodLog::became(const cri::RotatedLog& one, const cri::LogFile& file) const {
  const cri::LogFile& mine = *sources_.back().file;
  if (!one.compressed) return file.is_same_as(mine);
  const auto length = unpacked_length(file);
  return length && *length == static_cast<std::uint32_t>(mine.size());
}

/// Opens the file behind the one that is being read. False if there is none, or, with `again`, if the files
/// were rotated meanwhile.
bool PodLog::try_next(bool& again) {
  again = false;
  const cri::LogFilePtr newest = directory_->open_file(name_);
  const auto rotated = cri::rotated_logs(name_, directory_->files(name_ + "."));
  Source next;
  bool first = true;
  for (const auto& one : rotated) {
    if (!sources_.empty() && one.stamp <= sources_.back().stamp) continue;
    if (sources_.empty() && newest != nullptr) continue;  // the client wants new lines only
    next.file = directory_->open_file(one.name);
    again = next.file == nullptr;
    if (again) return false;
    const bool maybe = !sources_.empty() && sources_.back().newest && std::exchange(first, false);
    if (maybe && became(one, *next.file)) continue;
    next.stamp = one.stamp;
    next.compressed = one.compressed;
    sources_.clear();
    sources_.push_back(std::move(next));
    return true;
  }
  if (newest == nullptr) return false;
  if (!sources_.empty() && newest->is_same_as(*sources_.back().file)) return false;
  next.file = newest;
  next.stamp = rotated.empty() ? std::string() : rotated.back().stamp;
  next.compressed = false;
  next.newest = true;
  sources_.clear();
  sources_.push_back(std::move(next));
  return true;
}

bool PodLog::go_to_next() {
  open_directory();
  if (!directory_) return false;
  bool again = true;
  for (int i = 0; i < kTries && again; ++i) {
    if (try_next(again)) {
      writer_.next_file();
      return true;
    }
  }
  return false;
}

/// A file that somebody truncated is read from its start.
void PodLog::start_over_if_cut() {
  Source& source = sources_.back();
  if (source.compressed || source.file->size() >= source.offset) return;
  source.offset = 0;
  writer_.next_file();
}

/// Without a watch, because a limit of inotify is reached, changes are seen every `look`.
void PodLog::watch_directory() {
  if (!directory_ || watch_.is_watching()) return;
  const Outcome<void> watched = watch_.start("/proc/self/fd/" + std::to_string(directory_->fd()));
  if (!watched && complaints_.now())
    log::get("metaserver")
        ->warn("the log of {} is read every {} ms instead: {}", which(request_.target), request_.look.count(),
               watched.failure().message());
}

/// Goes to the next file once the runtime has stopped writing into the replaced one. False if it has not, or
/// if the next file cannot be opened yet.
boost::asio::awaitable<bool> PodLog::leave_replaced_file(const LogSink& sink) {
  const SteadyTime now = steady_now();
  if (!settled_) settled_ = now + request_.settle;
  if (now < *settled_) co_return false;
  co_await send_all(sources_.back(), sink);  // lines that came after the last read and before `now`
  settled_.reset();
  co_return go_to_next();
}

boost::asio::awaitable<void> PodLog::follow(const LogSink& sink) {
  bool ended = false;  // the container has ended: no more lines will come
  while (!writer_.full()) {
    if (!directory_) open_directory();
    watch_directory();
    if (sources_.empty()) go_to_next();
    if (!sources_.empty()) {
      start_over_if_cut();
      co_await send_all(sources_.back(), sink);
    }
    if (writer_.full()) break;
    SteadyTime next = steady_now() + request_.look;
    const Place at = sources_.empty() ? Place::kMovedAside : place();
    if (at == Place::kReplaced) {
      const bool is_next = co_await leave_replaced_file(sink);
      if (is_next) continue;
      next = settled_.value_or(next);
    } else if (ended) {
      break;
    } else if (!request_.runs || !request_.runs()) {
      ended = true;
      continue;
    }
    co_await watch_.sleep_until(next);
  }
}

}  // namespace edgecore::metaserver
