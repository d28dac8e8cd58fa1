// SPDX-License-Identifier: Apache-2.0
#include "store/opening.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string>
#include <vector>

#include "edgecore/base/error.hpp"
#include "edgecore/base/log.hpp"
#include "store/connection.hpp"
#include "store/schema.hpp"
#include "store/sql.hpp"

namespace edgecore::store {
namespace {

namespace fs = std::filesystem;

// Files that SQLite keeps beside a database; they must move with it.
constexpr const char* kCompanions[] = {"-wal", "-shm", "-journal"};

/// The file is not a database, or a corrupt one: the failure that setting it aside repairs.
class Unusable : public Error {
 public:
  using Error::Error;
};

void sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw SystemError("cannot open the directory " + directory.string(), errno);
  const int failure = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failure != 0) throw SystemError("cannot flush the directory " + directory.string(), failure);
}

// True for an empty file and for one with SQLite's magic. Checked before SQLite opens the file, because
// SQLite would delete the -wal of a foreign file.
bool may_be_database(int fd) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  char head[magic.size()];
  const ssize_t got = ::pread(fd, head, sizeof head, 0);
  return got == 0 ||
         (got == static_cast<ssize_t>(magic.size()) && std::string_view(head, magic.size()) == magic);
}

// Creates the file with mode 0600, or sets that mode, because it holds secrets and tokens (the Go EdgeCore
// leaves it 0644). Must run before SQLite opens it: closing any descriptor of a database drops SQLite's
// locks.
void make_private_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    throw SystemError("cannot open the database " + path.string() + " for reading and writing", errno);
  struct stat info {};
  int failure = ::fstat(fd, &info) == 0 ? 0 : errno;
  const bool plausible = may_be_database(fd);
  if (failure == 0 && (info.st_mode & 0077U) != 0 && ::fchmod(fd, 0600) != 0) failure = errno;
  ::close(fd);
  if (failure != 0)
    throw SystemError("cannot keep others from reading the database " + path.string(), failure);
  if (!plausible) throw Unusable("the file " + path.string() + " is not an SQLite database");
  for (const char* companion : kCompanions) {
    const std::string beside = path.string() + companion;
    if (::chmod(beside.c_str(), 0600) != 0 && errno != ENOENT) {
      throw SystemError("cannot keep others from reading " + beside, errno);
    }
  }
  sync_directory(path.parent_path());
}

std::string utc_stamp(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return {text, length};
}

// Removes the oldest files set aside, so that one more fits the limit.
void make_room_for_evidence(const fs::path& path) {
  const std::string prefix = path.filename().string() + ".corrupt-";
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  for (const auto& entry : fs::directory_iterator(path.parent_path())) {
    const std::string name = entry.path().filename().string();
    const bool companion = std::any_of(std::begin(kCompanions), std::end(kCompanions),
                                       [&](const char* suffix) { return name.ends_with(suffix); });
    if (name.starts_with(prefix) && !companion) kept.emplace_back(entry.last_write_time(), entry.path());
  }
  std::sort(kept.begin(), kept.end());
  for (std::size_t i = 0; i + static_cast<std::size_t>(kMaxFilesSetAside) <= kept.size(); ++i) {
    log::get("store")->warn("removing {}, the oldest corrupt database set aside", kept[i].second.string());
    fs::remove(kept[i].second);
    for (const char* companion : kCompanions) fs::remove(kept[i].second.string() + companion);
  }
}

fs::path set_aside(const fs::path& path, const Clock& clock) {
  make_room_for_evidence(path);
  const std::string base = path.string() + ".corrupt-" + utc_stamp(clock.wall());
  std::string target = base;
  for (int n = 2; fs::exists(target); ++n) target = base + "." + std::to_string(n);
  // Moves the companions first: a crash in between leaves the corrupt database, which the next start finds,
  // and never a new database beside an old WAL.
  for (const char* companion : kCompanions) {
    if (fs::exists(path.string() + companion)) fs::rename(path.string() + companion, target + companion);
  }
  fs::rename(path, target);
  sync_directory(path.parent_path());
  return target;
}

bool means_corrupt(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

std::unique_ptr<Connection> open_checked(const fs::path& path) {
  make_private_file(path);
  try {
    auto connection = std::make_unique<Connection>(path, Connection::Mode::kWriter);
    const std::string verdict = connection->ask(sql::kQuickCheck);
    if (verdict != "ok")
      throw Unusable("the database " + path.string() + " is damaged: " + log::quote(verdict));
    if (connection->ask(sql::kUseWal) != "wal") {
      throw Error("the database " + path.string() +
                  " cannot be put into WAL mode: its file system may lack shared " +
                  "memory maps; put database.dataSource on a local disk");
    }
    connection->execute(sql::kDurability);
    prepare_schema(*connection);
    return connection;
  } catch (const StoreError& error) {
    if (means_corrupt(error.code())) throw Unusable(error.what());
    throw;
  }
}

bool has_no_objects(Connection& connection) {
  auto statement = connection.prepare(sql::kMetaCount);
  return !statement.step() || statement.integer(0) == 0;
}

}  // namespace

Opened open_database(const fs::path& path, const Clock& clock) {
  Opened opened;
  try {
    opened.connection = open_checked(path);
  } catch (const Unusable& reason) {
    const fs::path kept = set_aside(path, clock);
    log::get("store")->error(
        "{}; it was set aside as {} and a new one is created: the cloud is asked for everything again",
        reason.what(), kept.string());
    opened.rebuilt = true;
  }
  if (opened.rebuilt) opened.connection = open_checked(path);
  opened.empty = has_no_objects(*opened.connection);
  return opened;
}

}  // namespace edgecore::store
