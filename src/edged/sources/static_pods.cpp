// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/static_pods.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edgecore/base/steady_timer.hpp"
#include "edgecore/beehive/task_group.hpp"
#include "edged/host/blocking_call.hpp"
#include "edged/sources/static_pod.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

/// Editors replace a file in several steps; between two of them it is not there.
constexpr std::chrono::milliseconds kSettle{200};
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF |
                                  IN_MOVE_SELF | IN_CREATE | IN_ONLYDIR;

std::int64_t nanos(const ::timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

StaticPodFile::Stamp stamp_of(const struct ::stat& about) {
  return {about.st_dev, about.st_ino, static_cast<std::uint64_t>(about.st_size), nanos(about.st_mtim),
          nanos(about.st_ctim)};
}

/// The first files by name, one more than are read: then there are too many.
std::set<fs::path> manifests_in(const fs::path& path) {
  std::set<fs::path> files;
  std::error_code error;
  if (fs::is_regular_file(path, error)) return {path};
  fs::directory_iterator entry(path, error);
  if (error == std::errc::no_such_file_or_directory) return files;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().starts_with('.')) continue;
    files.insert(entry->path());
    if (files.size() > kStaticPodMaxFiles + 1) files.erase(std::prev(files.end()));
  }
  if (error)
    throw SystemError("The static pod directory " + path.string() + " could not be listed", error.value());
  return files;
}

/// What the file is now. Keeps the last good pod when the file cannot be taken.
StaticPodFile read_manifest(const fs::path& path, std::string_view node_name, StaticPodFile::Stamp stamp,
                            const StaticPodFile* before) {
  StaticPodFile file;
  file.stamp = stamp;
  if (before != nullptr) file.pod = before->pod;
  try {
    if (stamp.size > kStaticPodMaxBytes)
      throw BadInput(fmt::format("It has {} bytes, and {} are the most", stamp.size, kStaticPodMaxBytes));
    const auto text = read_file(path, kStaticPodMaxBytes);
    if (!text) throw Error("it is gone again");
    file.pod = parse_static_pod(*text, path, node_name);
  } catch (const Error& error) {
    file.complaint = error.what();
  }
  return file;
}

void find_shadows(StaticPodFiles& files) {
  std::map<std::string, std::string> first;  // full name or uid → file
  for (auto& [path, file] : files) {
    file.shadow.clear();
    if (!file.pod) continue;
    const std::string name = "name " + file.pod->full_name(), uid = "uid " + file.pod->uid;
    for (const auto& key : {name, uid}) {
      if (const auto known = first.find(key); known != first.end()) file.shadow = known->second;
    }
    if (!file.shadow.empty()) continue;
    first[name] = path.filename().string();
    first[uid] = path.filename().string();
  }
}

/// A link made to a manifest is complete; a file that is being made is not, and will be closed.
bool is_link(const fs::path& path) {
  struct ::stat about {};
  return ::lstat(path.c_str(), &about) == 0 && (S_ISLNK(about.st_mode) || about.st_nlink > 1);
}

}  // namespace

StaticPodFiles scan_static_pods(const fs::path& path, std::string_view node_name,
                                const StaticPodFiles& before) {
  StaticPodFiles now;
  const std::set<fs::path> files = manifests_in(path);
  for (const auto& file : files) {
    if (files.size() > kStaticPodMaxFiles && file == *files.rbegin()) {
      now[file].complaint = fmt::format(
          "There are more than {} files, and those from this one on are not read", kStaticPodMaxFiles);
      break;
    }
    const auto known = before.find(file);
    const StaticPodFile* last = known == before.end() ? nullptr : &known->second;
    struct ::stat about {};
    if (::stat(file.c_str(), &about) != 0) {
      const int error = errno;
      if (error == ENOENT && !is_link(file)) continue;  // it went a moment ago
      if (last != nullptr && error != ENOENT) now[file].pod = last->pod;
      now[file].complaint = error == ENOENT ? "It is a link to nothing"
                                            : fmt::format("It cannot be read: {}", std::strerror(error));
      continue;
    }
    if (!S_ISREG(about.st_mode)) continue;
    const auto stamp = stamp_of(about);
    const bool same = last != nullptr && last->stamp == stamp;
    now[file] = same ? *last : read_manifest(file, node_name, stamp, last);
  }
  find_shadows(now);
  return now;
}

std::vector<kube::PodPtr> pods_of(const StaticPodFiles& files) {
  std::vector<kube::PodPtr> pods;
  for (const auto& [path, file] : files) {
    if (file.pod && file.shadow.empty()) pods.push_back(file.pod);
  }
  return pods;
}

// ---- Watching

StaticPods::StaticPods(Deps deps)
    : deps_(std::move(deps)),
      wakeup_(deps_.executor),
      inotify_(deps_.executor),
      files_(std::make_shared<const StaticPodFiles>()) {}

StaticPods::~StaticPods() = default;

boost::asio::awaitable<void> StaticPods::run() {
  if (deps_.path.empty()) {
    const std::vector<kube::PodPtr> none;
    deps_.deliver(none);
    co_await wakeup_.sleep();
  }
  open_inotify();
  beehive::TaskGroup tasks(deps_.executor);
  tasks.spawn("looking at static pods", look_loop());
  if (inotify_.is_open()) tasks.spawn("static pod events", event_loop());
  co_await tasks.join();
}

boost::asio::awaitable<void> StaticPods::look_loop() {
  SteadyTimer settle(deps_.executor);
  for (;;) {
    watch();
    try {
      co_await look();
      complaints_.reset();
    } catch (const Error& error) {
      if (complaints_.now()) deps_.log->warn("Static pods stay as they were: {}", error.what());
    }
    if (watched_ < 0 && watch()) continue;  // the directory was made just now; nothing may be missed
    const auto next = steady_now() + deps_.period;
    co_await wakeup_.sleep_until(next);
    settle.expires_after(std::min<std::chrono::milliseconds>(kSettle, deps_.period));
    co_await settle.async_wait(boost::asio::use_awaitable);
  }
}

boost::asio::awaitable<void> StaticPods::look() {
  using Found = std::shared_ptr<const StaticPodFiles>;
  // Where a single manifest was, an editor may be about to put the next one.
  std::function<Found()> work = [path = deps_.path, single = single_, node = deps_.node_name,
                                 before = files_] {
    if (!single) make_directories(path, 0777);
    return std::make_shared<const StaticPodFiles>(scan_static_pods(path, node, *before));
  };
  const Found now = co_await blocking_call<Found>(deps_.pool, std::move(work));
  tell_complaints(*now);
  const auto pods = pods_of(*now);
  const bool changed = !delivered_ || pods != pods_of(*files_);
  files_ = now;
  delivered_ = true;
  if (changed) deps_.deliver(pods);
}

void StaticPods::tell_complaints(const StaticPodFiles& now) const {
  for (const auto& [path, file] : now) {
    const auto before = files_->find(path);
    const bool known = before != files_->end();
    const std::string name = log::quote(path.string());
    if (!file.complaint.empty() && !(known && before->second.complaint == file.complaint)) {
      deps_.log->error("The static pod file {} is not taken{}: {}", name,
                       file.pod ? ", its pod goes on as it was" : "", log::quote(file.complaint, 500));
    }
    if (!file.shadow.empty() && !(known && before->second.shadow == file.shadow)) {
      deps_.log->error("The static pod file {} describes pod {}, which {} describes already: it is left out",
                       name, log::quote(file.pod->full_name()), log::quote(file.shadow));
    }
  }
}

void StaticPods::open_inotify() {
  if (inotify_.is_open()) return;
  const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd >= 0) {
    inotify_.assign(fd);
    return;
  }
  deps_.log->warn("The kernel does not watch {} for us ({}): changes of static pods take up to {} s",
                  deps_.path.string(), std::strerror(errno),
                  std::chrono::duration_cast<std::chrono::seconds>(deps_.period).count());
}

fs::path StaticPods::watched_directory() const {
  if (!single_) return deps_.path;
  return deps_.path.has_parent_path() ? deps_.path.parent_path() : fs::path(".");
}

/// True when the directory is watched from now on and was not before.
bool StaticPods::watch() {
  std::error_code ignored;
  single_ = single_ || fs::is_regular_file(deps_.path, ignored);
  if (!inotify_.is_open() || watched_ >= 0) return false;
  watched_ = ::inotify_add_watch(inotify_.native_handle(), watched_directory().c_str(), kEvents);
  return watched_ >= 0;
}

boost::asio::awaitable<void> StaticPods::event_loop() {
  for (;;) {
    co_await inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                 boost::asio::use_awaitable);
    if (take_events()) wakeup_.notify();
  }
}

/// Reads what there is; true when it calls for a look.
bool StaticPods::take_events() {
  alignas(inotify_event) std::array<char, 16UL * 1024> buffer;
  bool look = false;
  for (;;) {
    const ssize_t size = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
    if (size <= 0) return look;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      if (event.wd != watched_ && (event.mask & IN_Q_OVERFLOW) == 0) continue;  // of a directory that is gone
      if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0) {
        if ((event.mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(inotify_.native_handle(), watched_);
        watched_ = -1;
      }
      if (single_ && event.len > 0 && deps_.path.filename() != name) continue;
      const bool made = (event.mask & IN_CREATE) != 0;
      look = look || !made || (event.len > 0 && is_link(watched_directory() / name));
    }
  }
}

}  // namespace edgecore::edged
