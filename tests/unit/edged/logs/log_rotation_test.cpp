// SPDX-License-Identifier: Apache-2.0
#include "edged/logs/log_rotation.hpp"

#include <gmock/gmock.h>
#include <zlib.h>

#include "support/umask.hpp"
#include "unit/edged/upkeep_fixture.hpp"

namespace edgecore::edged {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LogHousekeeping, OldOnesGoPlainOnesAreCompressedLeftoversAreSwept) {
  const LogRotationPolicy policy;  // 5 files: the log, the next rotated one and 3 old ones
  const auto plan =
      plan_log_housekeeping("0.log",
                            {"0.log.20240105-000000", "0.log.20240101-000000.gz", "0.log.20240102-000000.gz",
                             "0.log.20240104-000000.gz", "0.log.20240103-000000.gz", "0.log.20240104-000000",
                             "0.log.20240103-000000.tmp"},
                            policy);
  EXPECT_THAT(plan.remove, ElementsAre("0.log.20240103-000000.tmp", "0.log.20240104-000000",
                                       "0.log.20240101-000000.gz", "0.log.20240102-000000.gz"));
  EXPECT_THAT(plan.compress, ElementsAre("0.log.20240105-000000"));
}

TEST(LogHousekeeping, WithTwoFilesNoOldOneStays) {
  const auto plan =
      plan_log_housekeeping("0.log", {"0.log.20240105-000000"}, {.max_size = 1, .max_files = 2});
  EXPECT_THAT(plan.remove, ElementsAre("0.log.20240105-000000"));
  EXPECT_THAT(plan.compress, IsEmpty());
}

TEST(RotatedLogName, SortsAfterAllOthersEvenWhenTheClockWasSetBack) {
  const WallTime now{std::chrono::seconds(1'718'000'000)};
  EXPECT_EQ(rotated_log_name("0.log", {}, now), "0.log.20240610-061320");
  EXPECT_EQ(rotated_log_name("0.log", {"0.log.20240610-061320"}, now), "0.log.20240610-061321");
  EXPECT_EQ(rotated_log_name("0.log", {"0.log.20301231-235959.gz", "0.log.junk"}, now),
            "0.log.20310101-000000");
}

TEST(LogRotationPolicyOf, ReadsSizesAndRefusesNonsense) {
  config::TailoredKubeletConfig config;
  EXPECT_EQ(log_rotation_policy(config).max_size, 10U << 20);
  config.container_log_max_size = "-1";
  EXPECT_EQ(log_rotation_policy(config).max_size, 0U);
  config.container_log_max_size = "much";
  EXPECT_THROW(log_rotation_policy(config), BadInput);
  config.container_log_max_size = "1Ki";
  config.container_log_max_files = 1;
  EXPECT_THROW(log_rotation_policy(config), BadInput);
}

class LogRotationTest : public test::UpkeepTest {
 protected:
  void SetUp() override {
    UpkeepTest::SetUp();
    id_ = container(sandbox("u"), "u", "a");
    log_file_ = log_of("u", "a", 0);
    directory_ = log_file_.parent_path();
    runtime_.clear_calls();
  }
  void rotate() {
    LogRotation rotation(
        {runtime_,
         pool_,
         io_.get_executor(),
         clock_,
         log_,
         {.max_size = 100, .max_files = 4},
         [this] {
           return std::vector<LogRotation::RunningLog>{{id_, path_.empty() ? log_file_.string() : path_}};
         },
         pods_,
         std::chrono::seconds(10)});
    edgecore::test::await(io_, rotation.rotate_all());
    clock_.advance(std::chrono::seconds(10));
  }
  static std::string unzipped(const std::filesystem::path& path) {
    std::string out(100'000, '\0');
    const gzFile file = ::gzopen(path.c_str(), "rb");
    const int size = ::gzread(file, out.data(), static_cast<unsigned>(out.size()));
    ::gzclose(file);
    out.resize(static_cast<std::size_t>(std::max(0, size)));
    return out;
  }
  std::string id_, path_;
  std::filesystem::path log_file_, directory_;
};

TEST_F(LogRotationTest, ASmallLogCostsTheRuntimeNothing) {
  rotate();
  EXPECT_TRUE(runtime_.calls().empty());
  EXPECT_EQ(names(directory_), std::set<std::string>{"0.log"});
}

TEST_F(LogRotationTest, AFullLogMovesAsideAndTheOneBeforeItIsCompressed) {
  const std::string first(50'000, 'x'), second(200, 'y');
  write(log_file_, first);
  rotate();
  EXPECT_EQ(runtime_.count_calls("ReopenContainerLog"), 1U);
  ASSERT_EQ(names(directory_).size(), 1U);
  const std::string plain = *names(directory_).begin();
  EXPECT_EQ(read(directory_ / plain), first);

  write(log_file_, second);
  rotate();
  EXPECT_EQ(names(directory_).size(), 2U);
  EXPECT_EQ(unzipped(directory_ / (plain + ".gz")), first);
  EXPECT_FALSE(std::filesystem::exists(directory_ / plain));
  for (int i = 0; i < 5; ++i) {
    write(log_file_, second);
    rotate();
  }
  EXPECT_EQ(names(directory_).size(), 3U);  // plus the live log: 4
  EXPECT_FALSE(std::filesystem::exists(directory_ / (plain + ".gz")));
}

TEST_F(LogRotationTest, ACompressedLogKeepsTheModeOfTheLogWhateverTheUmaskIs) {
  write(log_file_, std::string(200, 'x'));
  ASSERT_EQ(::chmod(log_file_.c_str(), 0644), 0);
  rotate();
  const std::string plain = *names(directory_).begin();
  const edgecore::test::Umask now(077);
  write(log_file_, std::string(200, 'y'));
  rotate();
  EXPECT_EQ(edgecore::test::mode_of(directory_ / (plain + ".gz")), 0644U);
}

TEST_F(LogRotationTest, ARuntimeThatDoesNotReopenGetsItsLogBack) {
  write(log_file_, std::string(200, 'x'));
  runtime_.fail_next("ReopenContainerLog", {cri::Code::kUnknown, "no"});
  rotate();
  EXPECT_EQ(names(directory_), std::set<std::string>{"0.log"});
  EXPECT_EQ(read(log_file_), std::string(200, 'x'));
}

TEST_F(LogRotationTest, ANewLogIsNotOverwrittenByTheOldOne) {
  write(directory_ / "0.log.old", "old");
  write(log_file_, "new");
  move_log_back(directory_ / "0.log.old", log_file_);
  EXPECT_EQ(read(log_file_), "new");
  EXPECT_EQ(read(directory_ / "0.log.old"), "old");
}

TEST_F(LogRotationTest, AMissingLogIsReopened) {
  std::filesystem::remove(log_file_);
  rotate();
  EXPECT_EQ(runtime_.count_calls("ReopenContainerLog"), 1U);
}

TEST_F(LogRotationTest, LinksAndLogsElsewhereAreLeftAlone) {
  write(root_ / "shadow", std::string(500, 's'));
  std::filesystem::remove(log_file_);
  std::filesystem::create_symlink(root_ / "shadow", log_file_);
  rotate();
  EXPECT_TRUE(std::filesystem::is_symlink(log_file_));
  path_ = (root_ / "shadow").string();
  rotate();
  EXPECT_EQ(read(root_ / "shadow").size(), 500U);
  EXPECT_TRUE(runtime_.calls().empty());
}

}  // namespace
}  // namespace edgecore::edged
