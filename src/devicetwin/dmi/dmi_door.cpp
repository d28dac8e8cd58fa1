// SPDX-License-Identifier: Apache-2.0
#include "devicetwin/dmi/dmi_door.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/fmt/fmt.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "edgecore/base/error.hpp"
#include "edgecore/base/thread.hpp"

namespace edgecore::devicetwin {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kSocketMode = 0600;
constexpr int kForever = -1;
/// Pause of accept when the process has no free descriptor; connections wait in the backlog meanwhile.
constexpr int kStarvedMillis = 1000;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.empty() || text.find('\0') != std::string::npos || text.size() >= sizeof(address.sun_path))
    throw BadInput(fmt::format("\"{}\" cannot be the path of a unix socket; it must have 1 to {} bytes",
                               log::quote(text), sizeof(address.sun_path) - 1));
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

FileDescriptor new_socket() {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) throw SystemError("A unix socket cannot be made", errno);
  return socket;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: how the interface of sockets is made
}

/// Removes a stale socket (one without a listener) from `path`.
void remove_stale(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;  // a missing folder is reported by bind()
  if (!S_ISSOCK(status.st_mode))
    throw Error(
        fmt::format("The socket for mappers cannot be made: \"{}\" exists and is not a socket. Remove it, or "
                    "change modules.deviceTwin.dmiSockPath.",
                    path.native()));
  try {
    connect_to_socket(path);
  } catch (const SystemError& error) {
    if (error.code() == ENOENT) return;
    if (error.code() == ECONNREFUSED) {
      if (::unlink(path.c_str()) == 0) return;
      const int why = errno;
      if (why == ENOENT) return;
      throw SystemError(fmt::format("The old socket for mappers \"{}\" cannot be removed", path.native()),
                        why);
    }
    if (error.code() != EAGAIN) throw;  // EAGAIN: a listener whose backlog is full
  }
  throw Error(
      fmt::format("The socket for mappers cannot be made: another process listens on \"{}\". Stop it (is "
                  "a second edgecore running?), or change modules.deviceTwin.dmiSockPath.",
                  path.native()));
}

}  // namespace

FileDescriptor connect_to_socket(const std::filesystem::path& path) {
  const sockaddr_un address = address_of(path);
  FileDescriptor socket = new_socket();
  if (::connect(socket.get(), generic(address), sizeof(address)) != 0) {
    const int error = errno;
    throw SystemError(fmt::format("cannot connect to \"{}\"", log::quote(path.native())), error);
  }
  return socket;
}

Door::Door(std::filesystem::path path, std::size_t most, Take take)
    : path_(std::move(path)), most_(most), take_(std::move(take)), stop_(::eventfd(0, EFD_CLOEXEC)) {
  if (stop_.get() < 0) throw SystemError("The socket for mappers cannot be watched", errno);
  listen();
  thread_ = start_quiet_thread("dmi-door", [this] { run(); });
}

Door::~Door() {
  const std::uint64_t one = 1;
  while (::write(stop_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  thread_.join();
  struct stat status {};
  const bool ours =
      ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (ours) ::unlink(path_.c_str());
}

void Door::listen() {
  const sockaddr_un address = address_of(path_);
  remove_stale(path_);
  listener_ = new_socket();
  // Before the socket has a name, so that its file never has a wider mode. The umask can only narrow it.
  if (::fchmod(listener_.get(), kSocketMode) != 0)
    throw SystemError("The mode of the socket for mappers cannot be set", errno);
  if (::bind(listener_.get(), generic(address), sizeof(address)) != 0) {
    const int error = errno;
    if (error == ENOENT)
      throw Error(
          fmt::format("The socket for mappers cannot be made: the folder of \"{}\" does not exist. Make it, "
                      "or change modules.deviceTwin.dmiSockPath.",
                      path_.native()));
    throw SystemError(fmt::format("The socket for mappers cannot be made at \"{}\"", path_.native()), error);
  }
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  if (::listen(listener_.get(), kBacklog) != 0) {
    const int error = errno;
    throw SystemError(fmt::format("The socket for mappers \"{}\" cannot be listened on", path_.native()),
                      error);
  }
  listening_.emplace(listener_.get());
}

void Door::run() {
  bool starved = false;
  for (;;) {
    std::vector<pollfd> watched = watched_guests();
    watched.push_back({stop_.get(), POLLIN, 0});
    watched.push_back({listener_.get(), static_cast<short>(starved ? 0 : POLLIN), 0});
    const int ready = ::poll(watched.data(), watched.size(), starved ? kStarvedMillis : kForever);
    if (ready < 0) continue;  // EINTR
    if (watched[watched.size() - 2].revents != 0) return;
    if ((watched.back().revents & POLLHUP) != 0) return;  // shut down: the module was given up
    forget_closed();
    starved = !accept_all();
  }
}

std::vector<pollfd> Door::watched_guests() const {
  std::vector<pollfd> watched;
  for (const auto& guest : guests_) watched.push_back({guest.get(), POLLRDHUP, 0});
  return watched;
}

void Door::forget_closed() {
  std::vector<pollfd> watched = watched_guests();
  if (::poll(watched.data(), watched.size(), 0) <= 0) return;
  std::vector<FileDescriptor> open;
  for (std::size_t i = 0; i < guests_.size(); ++i)
    if (watched[i].revents == 0) open.push_back(std::move(guests_[i]));
  guests_ = std::move(open);
}

bool Door::accept_all() {
  for (;;) {
    FileDescriptor guest(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (guest.get() < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return errno == EAGAIN;
    }
    if (guests_.size() >= most_) forget_closed();  // some may have closed meanwhile
    if (guests_.size() >= most_) {
      if (refused_.now())
        log::get("devicetwin")
            ->warn(
                "A mapper's connection is refused: {} are open already. Look for a mapper that does not "
                "close "
                "its connections. (refused so far: {})",
                most_, refused_.count());
      continue;
    }
    FileDescriptor copy(::fcntl(guest.get(), F_DUPFD_CLOEXEC, 0));
    if (copy.get() < 0) return false;
    guests_.push_back(std::move(copy));
    take_(guest.release());
  }
}

}  // namespace edgecore::devicetwin
