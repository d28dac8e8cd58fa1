// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/uuid.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace edgecore {
namespace {

TEST(UuidTest, IsOfVersionFourAndItsVariant) {
  for (int i = 0; i < 300; ++i) {
    const std::string id = uuid_v4();
    EXPECT_THAT(id,
                testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  }
}

TEST(UuidTest, NoneComesTwiceAlsoFromSeveralThreads) {
  constexpr std::size_t kEach = 500;
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&mine] {
        for (std::size_t i = 0; i < kEach; ++i) mine.push_back(uuid_v4());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), made.size() * kEach);
}

TEST(UuidTest, AChildDoesNotRepeatItsParent) {
  uuid_v4();  // fills the buffer that the child inherits
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::string id = uuid_v4();
    ::_exit(::write(ends[1], id.data(), id.size()) == static_cast<ssize_t>(id.size()) ? 0 : 1);
  }
  const std::string mine = uuid_v4();
  std::string theirs(mine.size(), '\0');
  int status = 1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(::read(ends[0], theirs.data(), theirs.size()), static_cast<ssize_t>(theirs.size()));
  EXPECT_NE(theirs, mine);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace edgecore
