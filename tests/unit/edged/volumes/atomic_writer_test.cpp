// SPDX-License-Identifier: Apache-2.0
#include "edged/volumes/atomic_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "edged/host/directory_tree.hpp"
#include "unit/edged/volume_scratch.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;
using Step = AtomicWriter::Step;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

AtomicWriter writer(const fs::path& directory) {
  return AtomicWriter({directory});
}

std::vector<std::string> visible(const fs::path& directory) {
  std::vector<std::string> out;
  for (const auto& name : directory_entries(open_directory(directory))) {
    if (!name.starts_with("..")) out.push_back(name);
  }
  return out;
}

std::vector<std::string> hidden(const fs::path& directory) {
  std::vector<std::string> out;
  for (const auto& name : directory_entries(open_directory(directory))) {
    if (name.starts_with("..")) out.push_back(name);
  }
  return out;
}

TEST(AtomicWriter, LaysOutFilesAsKubernetesDoes) {
  const Scratch scratch;
  EXPECT_TRUE(
      writer(scratch.path()).write({{"a", {"1", 0400}}, {"dir/sub/b", {"2", 0644}}, {"dir/c", {"3", 0755}}}));
  EXPECT_THAT(visible(scratch.path()), ElementsAre("a", "dir"));
  EXPECT_EQ(fs::read_symlink(scratch / "a"), "..data/a");
  EXPECT_EQ(fs::read_symlink(scratch / "dir"), "..data/dir");
  EXPECT_THAT(fs::read_symlink(scratch / "..data").string(),
              MatchesRegex("\\.\\.[0-9]{4}(_[0-9]{2}){5}\\.[0-9]{9}"));
  EXPECT_EQ(content_of(scratch / "dir/sub/b"), "2");
  EXPECT_EQ(mode_of_file(fs::canonical(scratch / "a")), 0400U);
  EXPECT_EQ(mode_of_file(fs::canonical(scratch / "dir/c")), 0755U);
  EXPECT_EQ(mode_of_file(fs::canonical(scratch / "dir/sub")), 0755U);
  EXPECT_EQ(hidden(scratch.path()).size(), 2U);
}

TEST(AtomicWriter, TouchesNothingWhenNothingChanged) {
  const Scratch scratch;
  const Payload payload{{"a", {"1", 0644}}, {"d/b", {"", 0600}}};
  EXPECT_TRUE(writer(scratch.path()).write(payload));
  const auto before = fs::read_symlink(scratch / "..data");
  const auto inode = look(scratch / "a").st_ino;
  EXPECT_FALSE(writer(scratch.path()).write(payload));
  EXPECT_EQ(fs::read_symlink(scratch / "..data"), before);
  EXPECT_EQ(look(scratch / "a").st_ino, inode);
}

TEST(AtomicWriter, EveryKindOfDifferenceIsAChange) {
  const Payload first{{"a", {"1", 0644}}, {"b", {"2", 0644}}};
  const std::vector<Payload> others = {{{"a", {"x", 0644}}, {"b", {"2", 0644}}},
                                       {{"a", {"1", 0600}}, {"b", {"2", 0644}}},
                                       {{"a", {"1", 0644}}},
                                       {{"a", {"1", 0644}}, {"b", {"2", 0644}}, {"c", {"", 0644}}},
                                       {{"a/b", {"1", 0644}}, {"b", {"2", 0644}}},
                                       {}};
  for (const auto& other : others) {
    const Scratch scratch;
    EXPECT_TRUE(writer(scratch.path()).write(first));
    EXPECT_TRUE(writer(scratch.path()).write(other));
    std::vector<std::string> names;
    for (const auto& [path, file] : other) {
      names.push_back(path.substr(0, path.find('/')));
      EXPECT_EQ(content_of(scratch / path), file.data);
    }
    EXPECT_EQ(visible(scratch.path()), names);
    EXPECT_FALSE(writer(scratch.path()).write(other));
  }
}

TEST(AtomicWriter, RefusesPathsThatLeaveTheVolume) {
  const Scratch scratch;
  const auto volume = scratch.directory("volume");
  const std::vector<std::string> bad = {"",
                                        "/etc/passwd",
                                        "../x",
                                        "a/../../x",
                                        "..data",
                                        "..x/y",
                                        "a//b",
                                        "./a",
                                        "a/.",
                                        "a/",
                                        std::string(5000, 'a'),
                                        std::string(256, 'a'),
                                        std::string("a\0b", 3)};
  for (const auto& path : bad) {
    const Payload payload{{path, {"x", 0644}}};
    EXPECT_THROW(writer(volume).write(payload), BadInput) << path;
  }
  EXPECT_THAT(hidden(volume), IsEmpty());
  EXPECT_FALSE(fs::exists(scratch / "x"));
  const Payload good{{"a..b/..c", {"x", 0644}}};
  EXPECT_TRUE(writer(volume).write(good));
}

struct Crash {};

/// A write that dies before `at` leaves one whole set visible, and the next write repairs the rest.
TEST(AtomicWriter, DyingAtAnyStepLeavesTheOldOrTheNewSet) {
  const Payload old_set{{"gone", {"old", 0644}}, {"same", {"old", 0644}}};
  const Payload new_set{{"same", {"new", 0600}}, {"fresh/x", {"new", 0644}}};
  for (const Step at : {Step::kNewFiles, Step::kPrepareLink, Step::kSwitch, Step::kUserLinks,
                        Step::kObsoleteLinks, Step::kRemoveOld, Step::kDone}) {
    const Scratch scratch;
    EXPECT_TRUE(writer(scratch.path()).write(old_set));
    AtomicWriter::Options options{scratch.path()};
    options.before = [&](Step step) {
      if (step == at) throw Crash();
    };
    EXPECT_THROW(AtomicWriter(options).write(new_set), Crash);
    const bool switched = at > Step::kSwitch;
    EXPECT_EQ(content_of(scratch / "same"), switched ? "new" : "old") << static_cast<int>(at);
    EXPECT_EQ(fs::exists(scratch / "..data/gone"), !switched);
    EXPECT_EQ(fs::exists(scratch / "..data/fresh/x"), switched);
    EXPECT_EQ(writer(scratch.path()).write(new_set), !switched);
    EXPECT_THAT(visible(scratch.path()), ElementsAre("fresh", "same"));
    EXPECT_EQ(content_of(scratch / "fresh/x"), "new");
    EXPECT_EQ(hidden(scratch.path()).size(), 2U) << "leftovers of step " << static_cast<int>(at);
  }
}

TEST(AtomicWriter, FilesCutShortByAPowerLossAreWrittenAgain) {
  const Scratch scratch;
  const Payload payload{{"a", {"content", 0644}}};
  EXPECT_TRUE(writer(scratch.path()).write(payload));
  fs::resize_file(scratch / "a", 0);
  EXPECT_TRUE(writer(scratch.path()).write(payload));
  EXPECT_EQ(content_of(scratch / "a"), "content");
}

TEST(AtomicWriter, ALinkPlantedInTheVolumeIsNotFollowed) {
  const Scratch scratch;
  const auto outside = scratch.directory("outside");
  write_text(outside / "a", "1");
  const auto volume = scratch.directory("volume");
  fs::create_symlink(outside, volume / "..data");
  fs::create_symlink(outside / "a", volume / "a");
  fs::create_directory_symlink(outside, volume / "..2020_planted");
  const Payload payload{{"a", {"2", 0644}}};
  EXPECT_TRUE(writer(volume).write(payload));
  EXPECT_EQ(content_of(outside / "a"), "1");
  EXPECT_EQ(content_of(volume / "a"), "2");
  EXPECT_EQ(hidden(volume).size(), 2U);
}

TEST(AtomicWriter, AReaderHoldsTheOldFileThroughAChange) {
  const Scratch scratch;
  const Payload first{{"a", {"1", 0644}}};
  const Payload second{{"a", {"2", 0644}}};
  EXPECT_TRUE(writer(scratch.path()).write(first));
  std::ifstream reader(scratch / "a");
  EXPECT_TRUE(writer(scratch.path()).write(second));
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "1");
}

TEST(AtomicWriter, TheGroupOfThePodOwnsTheFiles) {
  if (::geteuid() != 0) GTEST_SKIP() << "Only root may give files away";
  const Scratch scratch;
  AtomicWriter::Options options{scratch.path()};
  options.fs_group = 2000;
  const Payload payload{{"d/a", {"1", 0600, 1000}}, {"b", {"2", 0644}}};
  EXPECT_TRUE(AtomicWriter(options).write(payload));
  const auto a = look(fs::canonical(scratch / "d/a"));
  EXPECT_EQ(a.st_gid, 2000U);
  EXPECT_EQ(a.st_uid, 1000U);
  EXPECT_EQ(a.st_mode & 07777U, 0640U);
  EXPECT_EQ(mode_of_file(fs::canonical(scratch / "d")), 02755U);
  EXPECT_EQ(look(fs::canonical(scratch / "b")).st_gid, 2000U);
  EXPECT_FALSE(AtomicWriter(options).write(payload));
  options.fs_group = 2001;
  EXPECT_TRUE(AtomicWriter(options).write(payload));
}

}  // namespace
}  // namespace edgecore::edged
