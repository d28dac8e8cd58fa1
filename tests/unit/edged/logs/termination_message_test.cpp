// SPDX-License-Identifier: Apache-2.0
#include "edged/logs/termination_message.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "edged/logs/log_tail.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore::edged {
namespace {

namespace fs = std::filesystem;

class TerminationMessage : public ::testing::Test {
 protected:
  TerminationMessage() {
    input_.message_file = directory_ / "message";
    input_.log_file = directory_ / "0.log";
    input_.fall_back_to_log = true;
    input_.exit_code = 1;
  }
  void message(const std::string& text) { std::ofstream(input_.message_file) << text; }
  void log(const std::string& text) { std::ofstream(input_.log_file) << text; }

  edgecore::test::TemporaryDirectory directory_;
  TerminationInput input_;
};

TEST_F(TerminationMessage, IsTheEndOfTheFile) {
  message(std::string(5000, 'a') + "the end");
  const std::string text = termination_message(input_);
  EXPECT_EQ(text.size(), 4096U);
  EXPECT_TRUE(text.ends_with("athe end"));
}

TEST_F(TerminationMessage, FollowsTheRuntimesOwn) {
  message("no license");
  input_.runtime_message = "killed";
  EXPECT_EQ(termination_message(input_), "killed: no license");
}

TEST_F(TerminationMessage, FallsBackToTheLogOnlyAfterAnErrorAndWhenTheFileIsEmpty) {
  message("");
  log("2024-01-01T00:00:00Z stdout F first\n2024-01-01T00:00:00Z stderr P sec\n2024-01-01T00:00:00Z stderr F "
      "ond\n");
  EXPECT_EQ(termination_message(input_), "first\nsecond\n");
  input_.exit_code = 0;
  EXPECT_EQ(termination_message(input_), "");
  input_.exit_code = 1;
  input_.fall_back_to_log = false;
  EXPECT_EQ(termination_message(input_), "");
  input_.fall_back_to_log = true;
  message("said it");
  EXPECT_EQ(termination_message(input_), "said it");
}

TEST_F(TerminationMessage, NeverReadsWhatAContainerPutThereInsteadOfAFile) {
  fs::create_symlink("/etc/passwd", input_.message_file);
  EXPECT_EQ(termination_message(input_), "");
  fs::remove(input_.message_file);
  ASSERT_EQ(::mkfifo(input_.message_file.c_str(), 0600), 0);
  EXPECT_EQ(termination_message(input_), "") << "and does not wait for a writer";
}

TEST_F(TerminationMessage, IsValidUtf8) {
  message(
      "a\xff"
      "b");
  EXPECT_EQ(termination_message(input_),
            "a\xef\xbf\xbd"
            "b");
}

TEST_F(TerminationMessage, WithoutAnyFileIsTheRuntimes) {
  input_.message_file = "";
  input_.runtime_message = "OOM";
  EXPECT_EQ(termination_message(input_), "OOM");
}

TEST_F(TerminationMessage, IsLookedForWhereTheContainersAnnotationsAndMountsSay) {
  cri::ContainerStatus container;
  container.annotations["io.kubernetes.container.terminationMessagePath"] = "/tmp/end";
  container.annotations["io.kubernetes.container.terminationMessagePolicy"] = "FallbackToLogsOnError";
  container.exit_code = 3;
  container.message = "killed";
  container.log_path = input_.log_file;
  cri::Mount other, ours;
  other.container_path = "/tmp";
  other.host_path = "/etc/passwd";
  ours.container_path = "/tmp/end";
  ours.host_path = input_.message_file;
  container.mounts = {other, ours};
  const TerminationInput input = termination_input(container);
  EXPECT_EQ(input.message_file, input_.message_file);
  EXPECT_EQ(input.log_file, input_.log_file);
  EXPECT_TRUE(input.fall_back_to_log);
  EXPECT_EQ(input.exit_code, 3);
  EXPECT_EQ(input.runtime_message, "killed");

  container.annotations.clear();  // a container of another agent
  EXPECT_EQ(termination_input(container).message_file, "");
  EXPECT_FALSE(termination_input(container).fall_back_to_log);
}

TEST_F(TerminationMessage, LogTailTakesTheLastLinesAndBytes) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += "2024-01-01T00:00:00.000000000Z stdout F line " + std::to_string(i) + "\n";
  log(text);
  EXPECT_EQ(log_tail(input_.log_file, 2, 2048), "line 4998\nline 4999\n");
  EXPECT_EQ(log_tail(input_.log_file, 80, 5), "4999\n");
  EXPECT_EQ(log_tail(input_.log_file, 80, 2048).size(), 800U);
}

TEST_F(TerminationMessage, LogTailKeepsTheEndOfAVeryLongLine) {
  log("2024-01-01T00:00:00Z stdout F " + std::string(16000, 'x') + "end\n");
  const std::string tail = log_tail(input_.log_file, 80, 2048);
  EXPECT_EQ(tail.size(), 2048U);
  EXPECT_TRUE(tail.ends_with("xend\n"));
}

TEST(LogTail, TakesBrokenLinesForWhatTheyAre) {
  EXPECT_EQ(log_tail_of("", 5, 100), "");
  EXPECT_EQ(log_tail_of("nonsense\n", 5, 100), "\n");
  EXPECT_EQ(log_tail_of("t stdout F no newline", 5, 100), "no newline\n");
  EXPECT_EQ(log_tail("/nonexistent/0.log", 5, 100), "");
}

}  // namespace
}  // namespace edgecore::edged
