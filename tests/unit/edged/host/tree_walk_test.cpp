// SPDX-License-Identifier: Apache-2.0
#include "edged/host/tree_walk.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <set>

#include "edged/eviction/pod_usage.hpp"
#include "edged/host/directory_tree.hpp"
#include "edged/volumes/fs_group.hpp"
#include "unit/edged/byte_units.hpp"
#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

/// Makes `levels` directories inside one another, far beyond what a path can name, and gives the innermost.
FileDescriptor make_deep(const fs::path& top, int levels) {
  FileDescriptor at = open_directory(top);
  for (int i = 0; i < levels; ++i) {
    EXPECT_EQ(::mkdirat(at.get(), "d", 0755), 0);
    at = open_directory_at(at, "d");
    if (!at.valid()) break;
  }
  return at;
}

void write_at(const FileDescriptor& directory, const char* name, std::size_t bytes) {
  const FileDescriptor file(::openat(directory.get(), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::string data(bytes, 'x');
  ASSERT_EQ(::write(file.get(), data.data(), data.size()), static_cast<ssize_t>(bytes));
}

/// Notes the names in the order in which they are visited.
class Names : public TreeVisitor {
 public:
  std::multiset<std::string> files, directories;
  int moves = 0;

 protected:
  void file(const TreeEntry& entry) override { files.insert(entry.name); }
  bool enter(const TreeEntry&) override { return true; }
  void left(int, const std::string& name) override { directories.insert(name); }
  void foreign(const TreeEntry&) override {}
  void moved() override { ++moves; }
};

TEST(TreeWalk, VisitsEveryEntryOnceAtEveryDepth) {
  const Scratch scratch;
  const fs::path top = scratch.directory("top");
  fs::path at = top;
  for (int level = 0; level < 3 * static_cast<int>(kOpenLevels); ++level) {
    write_text(at / ("before" + std::to_string(level)), "x");
    fs::create_directory(at / ("aside" + std::to_string(level)));
    write_text(at / ("aside" + std::to_string(level)) / ("in" + std::to_string(level)), "x");
    at /= "d" + std::to_string(level);
    fs::create_directory(at);
  }
  Names names;
  walk_tree(open_directory(top), names);
  EXPECT_EQ(names.files.size(), 6 * kOpenLevels);
  EXPECT_EQ(std::set<std::string>(names.files.begin(), names.files.end()).size(), 6 * kOpenLevels);
  EXPECT_EQ(names.directories.size(), 6 * kOpenLevels);
  EXPECT_EQ(names.moves, 0);
}

TEST(TreeWalk, ADirectoryThatIsMovedOutMeanwhileDoesNotLeadTheWalkOutside) {
  const Scratch scratch;
  const fs::path top = scratch.directory("top");
  const fs::path outside = scratch.directory("outside");
  write_text(outside / "secret", "x");
  fs::path at = top;
  for (std::size_t i = 0; i < 2 * kOpenLevels; ++i) {
    at /= "d";
    fs::create_directory(at);
  }
  write_text(at / "last", "x");
  const fs::path victim = at.parent_path();
  class Mover final : public Names {
   public:
    Mover(fs::path from, fs::path to) : from_(std::move(from)), to_(std::move(to)) {}
    void file(const TreeEntry& entry) override {
      Names::file(entry);
      if (std::string(entry.name) == "last") fs::rename(from_, to_);
    }

   private:
    fs::path from_, to_;
  };
  Mover mover(victim, outside / "moved");
  walk_tree(open_directory(top), mover);
  EXPECT_EQ(mover.files, std::multiset<std::string>{"last"});
  EXPECT_EQ(mover.moves, 1);
}

TEST(TreeRemoval, ATreeDeeperThanAnyPathIsRemovedAndItsBytesAreCounted) {
  const Scratch scratch;
  const fs::path top = scratch.directory("top");
  write_at(make_deep(top, 2500), "hidden", 3 * static_cast<std::size_t>(kMi));
  EXPECT_GE(bytes_below(top), 3 * kMi);
  remove_tree(top);
  EXPECT_FALSE(fs::exists(top));
}

TEST(TreeRemoval, DirectoriesBeyondTheLimitOfLevelsAreMovedUpAndRemoved) {
  const Scratch scratch;
  const fs::path top = scratch.directory("top");
  write_at(make_deep(top, 500), "file", 1);
  write_text(top / ".deep-1", "a name that the removal would use");
  remove_tree_at(open_directory(scratch.path()), "top", look(top).st_dev, kOpenLevels + 8);
  EXPECT_FALSE(fs::exists(top));
}

TEST(TreeRemoval, ManyFilesNeedNoMemory) {
  const Scratch scratch;
  const fs::path top = scratch.directory("top");
  const FileDescriptor at = open_directory(top);
  for (int i = 0; i < 50'000; ++i) {
    const FileDescriptor file(
        ::openat(at.get(), std::to_string(i).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(file.valid());
  }
  struct rusage before {};
  struct rusage after {};
  ::getrusage(RUSAGE_SELF, &before);
  EXPECT_GE(bytes_below(top), 0);
  remove_tree(top);
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_FALSE(fs::exists(top));
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 1024) << "KiB";
}

TEST(TreeRemoval, LinksAreRemovedAndNotFollowed) {
  const Scratch scratch;
  const fs::path top = scratch.directory("top");
  write_text(scratch.directory("outside") / "file", "x");
  fs::create_directory_symlink(scratch / "outside", top / "link");
  remove_tree(top);
  EXPECT_FALSE(fs::exists(top));
  EXPECT_TRUE(fs::exists(scratch / "outside" / "file"));
}

TEST(TreeRemoval, AnotherFileSystemIsNotEntered) {
  SKIP_UNLESS_MOUNTS();
  const Scratch scratch;
  const fs::path mounted = scratch.directory("top/mounted");
  KernelMounter().mount_tmpfs(mounted, 65536);
  write_text(mounted / "file", "x");
  EXPECT_THROW(remove_tree(scratch / "top"), Error);
  EXPECT_TRUE(fs::exists(mounted / "file"));
}

TEST(FsGroupTree, AVolumeDeeperThanAnyPathGetsItsGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "Only root may give files away";
  const Scratch scratch;
  const fs::path top = scratch.directory("volume");
  const FileDescriptor innermost = make_deep(top, 2500);
  apply_fs_group(top, {2000, false}, false);
  struct stat about {};
  ASSERT_EQ(::fstat(innermost.get(), &about), 0);
  EXPECT_EQ(about.st_gid, 2000U);
  remove_tree(top);  // nothing else can
}

}  // namespace
}  // namespace edgecore::edged
