// SPDX-License-Identifier: Apache-2.0
#include "unit/store/losing_disk.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace edgecore::store {
namespace {

constexpr const char* kName = "losing-disk";

LosingDisk& disk_of(sqlite3_vfs* layer) {
  return *static_cast<LosingDisk*>(layer->pAppData);
}

}  // namespace

// SQLite allocates szOsFile bytes for this; the file of the layer below follows it in memory.
struct LosingDisk::File {
  sqlite3_file head;
  LosingDisk* disk;
  std::string* path;  // nullptr: a temporary file, not tracked
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

namespace {

LosingDisk::File& self(sqlite3_file* file) {
  return *reinterpret_cast<LosingDisk::File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return self(file).real();
}

int close(sqlite3_file* file) {
  const int code = real(file)->pMethods->xClose(real(file));
  delete self(file).path;
  self(file).path = nullptr;
  return code;
}
int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, size, at);
}
int write(sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
  if (self(f).disk->broken()) return SQLITE_IOERR_WRITE;
  const int code = real(f)->pMethods->xWrite(real(f), data, size, at);
  if (code == SQLITE_OK && self(f).path != nullptr) {
    self(f).disk->wrote(
        *self(f).path,
        {at, std::string(static_cast<const char*>(data), static_cast<std::size_t>(size)), false});
  }
  return code;
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
  const int code = real(f)->pMethods->xTruncate(real(f), size);
  if (code == SQLITE_OK && self(f).path != nullptr) self(f).disk->wrote(*self(f).path, {size, "", true});
  return code;
}
// The machine of the tests does not lose power, so the real sync can be omitted: only the layer's record
// counts.
int sync(sqlite3_file* f, int /*flags*/) {
  if (self(f).disk->broken()) return SQLITE_IOERR_FSYNC;
  if (self(f).path != nullptr) self(f).disk->synced(*self(f).path);
  return SQLITE_OK;
}
int size(sqlite3_file* f, sqlite3_int64* out) {
  return real(f)->pMethods->xFileSize(real(f), out);
}
int lock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xLock(real(f), level);
}
int unlock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xUnlock(real(f), level);
}
int check_lock(sqlite3_file* f, int* out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int control(sqlite3_file* f, int op, void* arg) {
  return real(f)->pMethods->xFileControl(real(f), op, arg);
}
int sector(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
// Promises nothing: no atomic sectors, no safe append, no powersafe overwrite.
int traits(sqlite3_file* /*f*/) {
  return 0;
}
int shm_map(sqlite3_file* f, int page, int bytes, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), page, bytes, extend, out);
}
int shm_lock(sqlite3_file* f, int at, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}
void shm_barrier(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int shm_unmap(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

const sqlite3_io_methods kMethods = {2,        close,       read,       write,   truncate, sync,   size,
                                     lock,     unlock,      check_lock, control, sector,   traits, shm_map,
                                     shm_lock, shm_barrier, shm_unmap,  nullptr, nullptr};

int open(sqlite3_vfs* layer, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  LosingDisk& disk = disk_of(layer);
  auto& opened = self(file);
  opened.disk = &disk;
  opened.path = nullptr;
  opened.head.pMethods = nullptr;
  const int code = disk.base().xOpen(&disk.base(), name, opened.real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  opened.head.pMethods = &kMethods;
  constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  if (name != nullptr && (flags & kKept) != 0) opened.path = new std::string(name);
  return SQLITE_OK;
}

int remove(sqlite3_vfs* layer, const char* name, int sync_directory) {
  LosingDisk& disk = disk_of(layer);
  const int code = disk.base().xDelete(&disk.base(), name, sync_directory);
  if (code == SQLITE_OK) disk.removed(name);
  return code;
}

}  // namespace

LosingDisk::LosingDisk() : base_(sqlite3_vfs_find(nullptr)), layer_(std::make_unique<sqlite3_vfs>(*base_)) {
  layer_->szOsFile = static_cast<int>(sizeof(File)) + base_->szOsFile;
  layer_->zName = kName;
  layer_->pAppData = this;
  layer_->pNext = nullptr;
  layer_->xOpen = open;
  layer_->xDelete = remove;
  sqlite3_vfs_register(layer_.get(), 1);
}

LosingDisk::~LosingDisk() {
  sqlite3_vfs_unregister(layer_.get());
  sqlite3_vfs_register(base_, 1);
}

void LosingDisk::apply(std::string& content, const Change& change) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.truncation) {
    content.resize(offset);
    return;
  }
  if (content.size() < offset + change.data.size()) content.resize(offset + change.data.size());
  content.replace(offset, change.data.size(), change.data);
}

void LosingDisk::wrote(const std::string& path, Change change) {
  const std::lock_guard guard(mutex_);
  images_[path].pending.push_back(std::move(change));
}

void LosingDisk::synced(const std::string& path) {
  const std::lock_guard guard(mutex_);
  Image& image = images_[path];
  for (const Change& change : image.pending) apply(image.durable, change);
  image.pending.clear();
  ++syncs_;
}

void LosingDisk::removed(const std::string& path) {
  const std::lock_guard guard(mutex_);
  images_.erase(path);
}

bool LosingDisk::broken() const {
  const std::lock_guard guard(mutex_);
  return broken_;
}

void LosingDisk::break_writes(bool broken) {
  const std::lock_guard guard(mutex_);
  broken_ = broken;
}

int LosingDisk::syncs() const {
  const std::lock_guard guard(mutex_);
  return syncs_;
}

void LosingDisk::lose_unsynced(const std::filesystem::path& from, const std::filesystem::path& into) {
  const std::lock_guard guard(mutex_);
  for (const auto& [path, image] : images_) {
    if (std::filesystem::path(path).parent_path() != from) continue;
    std::ofstream(into / std::filesystem::path(path).filename(), std::ios::binary) << image.durable;
  }
}

void LosingDisk::cut_power(const std::filesystem::path& from, const std::filesystem::path& into,
                           std::mt19937& random) {
  const std::lock_guard guard(mutex_);
  for (const auto& [path, image] : images_) {
    if (std::filesystem::path(path).parent_path() != from) continue;
    std::string content = image.durable;
    std::vector<Change> rest = image.pending;
    std::shuffle(rest.begin(), rest.end(), random);
    for (Change& change : rest) {
      if (random() % 2 == 0) continue;  // never reached the disk
      if (!change.truncation && random() % 4 == 0)
        change.data.resize(random() % (change.data.size() + 1));  // torn
      apply(content, change);
    }
    std::ofstream(into / std::filesystem::path(path).filename(), std::ios::binary) << content;
  }
}

}  // namespace edgecore::store
