// SPDX-License-Identifier: Apache-2.0
#include "metaserver/logs/directory_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

#include "edgecore/base/clock.hpp"
#include "edgecore/beehive/wakeup.hpp"

namespace edgecore::metaserver {
namespace {

constexpr std::uint32_t kEvents =
    IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR;

}  // namespace

struct DirectoryWatch::State : std::enable_shared_from_this<State> {
  explicit State(boost::asio::any_io_executor executor) : inotify(executor), wakeup(executor) {}

  void open(int directory) {
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0) return;
    inotify.assign(fd);
    const std::string path = "/proc/self/fd/" + std::to_string(directory);
    if (::inotify_add_watch(fd, path.c_str(), kEvents) < 0) inotify.close();
  }
  void listen() {
    if (listening || !inotify.is_open()) return;
    listening = true;
    inotify.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         self->listening = false;
                         if (!error) self->wakeup.notify();
                       });
  }
  /// What happened is seen by looking; the events themselves say nothing more.
  void drop_events() {
    std::array<char, 4096> buffer;
    while (inotify.is_open() && ::read(inotify.native_handle(), buffer.data(), buffer.size()) > 0) {
    }
  }

  boost::asio::posix::stream_descriptor inotify;
  beehive::Wakeup wakeup;
  bool listening = false;
};

DirectoryWatch::DirectoryWatch(boost::asio::any_io_executor executor, int directory)
    : state_(std::make_shared<State>(std::move(executor))) {
  state_->open(directory);
}

DirectoryWatch::~DirectoryWatch() {
  boost::system::error_code ignored;
  state_->inotify.close(ignored);
}

boost::asio::awaitable<void> DirectoryWatch::changed(std::chrono::milliseconds at_most) {
  const auto state = state_;
  state->listen();
  const SteadyTime until = steady_now() + at_most;
  co_await state->wakeup.sleep_until(until);
  state->drop_events();
}

}  // namespace edgecore::metaserver
