// SPDX-License-Identifier: Apache-2.0
#include "edged/sources/static_pods.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>

#include "edgecore/async/event.hpp"
#include "edgecore/async/on_pool.hpp"
#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "edged/sources/static_pod.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

/// Editors replace a file in several steps; between two of them it is not there.
constexpr std::chrono::milliseconds kSettle{200};
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE;

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

bool is_link(const fs::path& path) {
  struct ::stat about {};
  return ::lstat(path.c_str(), &about) == 0 && (S_ISLNK(about.st_mode) || about.st_nlink > 1);
}

/// A file that was made a moment ago will be closed; a link or a directory is complete.
bool is_unfinished(std::uint32_t event, const fs::path& path) {
  std::error_code ignored;
  return event == IN_CREATE && fs::is_regular_file(fs::symlink_status(path, ignored)) && !is_link(path);
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
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
      watches_(deps_.executor),
      entry_(deps_.path.has_filename() ? deps_.path : deps_.path.parent_path()),
      above_(watches_, kEvents,
             [this](std::uint32_t event, std::string_view name) { return concerns_path(event, name); }),
      inside_(watches_, kEvents,
              [this](std::uint32_t event, std::string_view name) { return concerns_manifests(event, name); }),
      files_(std::make_shared<const StaticPodFiles>()) {}

StaticPods::~StaticPods() = default;

boost::asio::awaitable<void> StaticPods::run() {
  if (deps_.path.empty()) {
    const std::vector<kube::PodPtr> none;
    deps_.deliver(none);
    async::Event never(deps_.executor);
    co_await never.sleep();
  }
  using boost::asio::experimental::awaitable_operators::operator||;
  async::Event settle(deps_.executor);
  for (;;) {
    const bool watched = watch();
    co_await try_look();
    if (!watched && watch()) continue;  // the look made the directory: look again, now that it is watched
    const auto next = steady_now() + deps_.period;
    co_await (above_.sleep_until(next) || inside_.sleep_until(next));
    const auto settled = steady_now() + std::min<std::chrono::milliseconds>(kSettle, deps_.period);
    co_await settle.sleep_until(settled);
  }
}

boost::asio::awaitable<void> StaticPods::try_look() {
  try {
    co_await look();
    complaints_.reset();
  } catch (const Error& error) {
    if (complaints_.now()) deps_.log->warn("static pods stay as they were: {}", error.what());
  }
}

boost::asio::awaitable<void> StaticPods::look() {
  using Found = std::shared_ptr<const StaticPodFiles>;
  // Where a single manifest was, an editor may be about to put the next one.
  std::function<Found()> work = [path = deps_.path, single = single_, node = deps_.node_name,
                                 before = files_] {
    // Whoever can write here runs what he likes as root, and manifests may hold secrets.
    if (!single) make_directories(path, 0750);
    return std::make_shared<const StaticPodFiles>(scan_static_pods(path, node, *before));
  };
  const Found now = co_await async::on_pool(deps_.pool, std::move(work));
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
      deps_.log->error("static pod file {} is rejected{}: {}", name,
                       file.pod ? "; its pod keeps running unchanged" : "", log::quote(file.complaint, 500));
    }
    if (!file.shadow.empty() && !(known && before->second.shadow == file.shadow)) {
      deps_.log->error("the static pod file {} describes pod {}, which {} describes already: it is left out",
                       name, log::quote(file.pod->full_name()), log::quote(file.shadow));
    }
  }
}

/// True if all is watched now. Called before each look: the path may mean something else now.
bool StaticPods::watch() {
  std::error_code ignored;
  const fs::path meant = fs::canonical(entry_, ignored);
  // Where a single manifest was, an editor may be about to put the next one.
  const bool is_gone = meant.empty();
  if (!is_gone) single_ = fs::is_regular_file(meant, ignored);
  manifests_ = is_gone ? entry_ : meant;
  const bool sees_path = watch(above_, directory_of(entry_));
  const bool sees_inside = watch(inside_, single_ ? directory_of(manifests_) : manifests_);
  if (sees_path && sees_inside) watch_complaints_.reset();
  return sees_path && sees_inside;
}

bool StaticPods::watch(async::DirectoryWatch& with, const fs::path& directory) {
  const Outcome<void> watched = with.start(directory);
  std::error_code ignored;
  const bool is_missing = !watched && !fs::exists(directory, ignored);
  if (!watched && !is_missing && watch_complaints_.now()) {
    deps_.log->warn("{}; changes of static pods take up to {} s", watched.failure().message(),
                    std::chrono::duration_cast<std::chrono::seconds>(deps_.period).count());
  }
  return watched.ok();
}

/// Whether an event beside the path calls for a look. If the path is a link, anything there may be a link on
/// its way, as `..data` in a volume of Kubernetes is.
bool StaticPods::concerns_path(std::uint32_t event, std::string_view name) const {
  std::error_code ignored;
  if (fs::is_symlink(entry_, ignored)) return true;
  return name == entry_.filename() && !is_unfinished(event, entry_);
}

bool StaticPods::concerns_manifests(std::uint32_t event, std::string_view name) const {
  if (single_ && name != manifests_.filename()) return false;
  return !is_unfinished(event, single_ ? manifests_ : manifests_ / name);
}

}  // namespace edgecore::edged
