// SPDX-License-Identifier: Apache-2.0
#include "edgecore/async/directory_watch.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace edgecore::async {

namespace asio = boost::asio;

namespace {

/// The watch ends with these: the path may mean another directory now, or none.
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

Failure refusal(const std::filesystem::path& directory, int error) {
  std::string advice;
  if (error == EMFILE)
    advice = ": raise the sysctl fs.inotify.max_user_instances, or the limit of open files (LimitNOFILE)";
  if (error == ENOSPC) advice = ": raise the sysctl fs.inotify.max_user_watches";
  return Failure(
      fmt::format("inotify cannot watch {}: {}{}", directory.string(), std::strerror(error), advice));
}

}  // namespace

/// The instance, and which watch has which of its watch descriptors.
struct DirectoryWatches::Inotify : std::enable_shared_from_this<Inotify> {
  explicit Inotify(asio::any_io_executor on) : executor(std::move(on)), instance(executor) {}

  /// The watch descriptor; errno of the kernel's refusal as a negative number.
  int add(const std::filesystem::path& directory, std::uint32_t events);
  void keep(int number, DirectoryWatch* watch) { watches.emplace(number, watch); }
  void remove(int number, const DirectoryWatch* watch);
  void close();

  void listen();
  void read_events();
  void tell(const ::inotify_event& event, std::string_view name);
  void tell_all();

  asio::any_io_executor executor;
  asio::posix::stream_descriptor instance;
  std::multimap<int, DirectoryWatch*> watches;  ///< by watch descriptor: one per directory
  std::size_t sleepers = 0;                     ///< nothing is read while nobody sleeps
  bool listening = false;
  bool closed = false;
};

int DirectoryWatches::Inotify::add(const std::filesystem::path& directory, std::uint32_t events) {
  if (closed) return -EBADF;
  if (!instance.is_open()) {
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0) return -errno;
    instance.assign(fd);
  }
  // IN_MASK_ADD: another watch may have the same directory, and with it the same watch descriptor.
  const std::uint32_t mask = events | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;
  const int number = ::inotify_add_watch(instance.native_handle(), directory.c_str(), mask);
  const int error = errno;
  if (number < 0 && watches.empty()) close();
  return number < 0 ? -error : number;
}

void DirectoryWatches::Inotify::remove(int number, const DirectoryWatch* watch) {
  const auto [begin, end] = watches.equal_range(number);
  for (auto at = begin; at != end; ++at) {
    if (at->second != watch) continue;
    watches.erase(at);
    break;
  }
  if (watches.empty()) {
    close();
  } else if (!watches.contains(number)) {
    ::inotify_rm_watch(instance.native_handle(), number);  // fails if the directory is gone already
  }
}

void DirectoryWatches::Inotify::close() {
  boost::system::error_code ignored;
  instance.close(ignored);
}

void DirectoryWatches::Inotify::listen() {
  if (listening || !instance.is_open()) return;
  listening = true;
  instance.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        self->listening = false;
                        if (!error) self->read_events();
                        if (self->sleepers > 0) self->listen();
                      });
}

/// One buffer; the rest makes the instance readable again, after others had their turn.
void DirectoryWatches::Inotify::read_events() {
  alignas(::inotify_event) std::array<char, 16UL * 1024> buffer;
  const ssize_t size = ::read(instance.native_handle(), buffer.data(), buffer.size());
  if (size <= 0) return;
  for (std::size_t at = 0; at + sizeof(::inotify_event) <= static_cast<std::size_t>(size);) {
    ::inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* name = buffer.data() + at + sizeof event;
    at += sizeof event + event.len;
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      tell_all();
    } else {
      tell(event, {name, ::strnlen(name, event.len)});
    }
  }
}

void DirectoryWatches::Inotify::tell(const ::inotify_event& event, std::string_view name) {
  std::vector<DirectoryWatch*> concerned;
  const auto [begin, end] = watches.equal_range(event.wd);
  for (auto at = begin; at != end; ++at) concerned.push_back(at->second);
  const bool gone = (event.mask & kGone) != 0;
  for (DirectoryWatch* watch : concerned) {
    if (gone) watch->stop();
    const bool wanted = (event.mask & watch->events_) != 0 &&
                        (!watch->filter_ || watch->filter_(event.mask & watch->events_, name));
    if (gone || wanted) watch->wake();
  }
}

void DirectoryWatches::Inotify::tell_all() {
  for (const auto& [number, watch] : watches) watch->wake();
}

DirectoryWatches::DirectoryWatches(asio::any_io_executor executor)
    : inotify_(std::make_shared<Inotify>(std::move(executor))) {}

DirectoryWatches::~DirectoryWatches() {
  inotify_->closed = true;
  inotify_->close();
}

/// While it lives its watch reads events.
class DirectoryWatch::Sleep {
 public:
  explicit Sleep(DirectoryWatch& watch) : watch_(watch) {
    watch_.asleep_ = true;
    ++watch_.inotify_->sleepers;
    watch_.inotify_->listen();
  }
  Sleep(const Sleep&) = delete;
  Sleep& operator=(const Sleep&) = delete;
  ~Sleep() {
    if (!std::exchange(watch_.asleep_, false)) return;
    boost::system::error_code ignored;
    if (--watch_.inotify_->sleepers == 0) watch_.inotify_->instance.cancel(ignored);
  }

 private:
  DirectoryWatch& watch_;
};

DirectoryWatch::DirectoryWatch(const DirectoryWatches& watches, std::uint32_t events, Filter filter)
    : inotify_(watches.inotify_), events_(events), filter_(std::move(filter)), event_(inotify_->executor) {}

DirectoryWatch::~DirectoryWatch() {
  stop();
}

Outcome<void> DirectoryWatch::start(const std::filesystem::path& directory) {
  const int number = inotify_->add(directory, events_);
  if (number >= 0 && number == number_) return {};
  const int before = std::exchange(number_, std::max(number, -1));
  if (number >= 0) inotify_->keep(number, this);
  if (before >= 0) inotify_->remove(before, this);
  if (number < 0) return refusal(directory, -number);
  return {};
}

void DirectoryWatch::stop() {
  const int number = std::exchange(number_, -1);
  if (number >= 0) inotify_->remove(number, this);
}

void DirectoryWatch::wake() {
  if (std::exchange(asleep_, false)) --inotify_->sleepers;
  event_.notify();
}

asio::awaitable<bool> DirectoryWatch::sleep_until(SteadyTime until) {
  const Sleep sleep(*this);
  co_return co_await event_.sleep_until(until);
}

}  // namespace edgecore::async
