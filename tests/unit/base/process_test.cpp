// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <thread>

#include "edgecore/base/clock.hpp"
#include "edgecore/base/error.hpp"
#include "edgecore/base/files.hpp"
#include "support/temporary_directory.hpp"

namespace edgecore {
namespace {

using std::chrono::milliseconds;

TEST(ProcessTest, ArgumentsReachTheProgramAsTheyAre) {
  const std::string nasty = "a b;$(touch /tmp/x)'\"\\*";
  const auto result = run({.argv = {"printf", "%s|", nasty, ""}}, "");
  EXPECT_TRUE(result.status.success());
  EXPECT_EQ(result.out, nasty + "||");
}

TEST(ProcessTest, InputOutputAndErrorAreCollectedAndBounded) {
  const std::string input(300000, 'x');
  const auto echoed = run({.argv = {"cat"}}, input);
  EXPECT_EQ(echoed.out, input);
  RunLimits limits;
  limits.output_bytes = 1000;
  const auto cut = run({.argv = {"cat"}}, input, limits);
  EXPECT_TRUE(cut.status.success());
  EXPECT_EQ(cut.out.size(), 1000U);
  EXPECT_NE(run({.argv = {"ls", "/nowhere-at-all"}}, "").err.find("nowhere-at-all"), std::string::npos);
}

TEST(ProcessTest, ProgramThatDoesNotReadItsInputIsNoTrouble) {
  const auto result = run({.argv = {"true"}}, std::string(1000000, 'x'));
  EXPECT_TRUE(result.status.success());
}

TEST(ProcessTest, TimeOutKillsTheWholeGroup) {
  RunLimits limits;
  limits.timeout = milliseconds(100);
  // timeout(1) with --foreground stays in our group and runs sleep as a grandchild, which holds the pipe.
  const auto before = steady_now();
  const auto result = run({.argv = {"timeout", "--foreground", "30", "sleep", "30"}}, "", limits);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.status.signal, SIGKILL);
  EXPECT_EQ(result.status.sentence(), "was killed by signal 9 (Killed)");
  EXPECT_LT(steady_now() - before, std::chrono::seconds(5));
}

TEST(ProcessTest, DaemonLeftBehindDoesNotHoldUpItsCaller) {
  const auto before = steady_now();
  const auto result = run({.argv = {"sh", "-c", "echo started; sleep 3 &"}}, "");
  EXPECT_EQ(result.out, "started\n");
  EXPECT_TRUE(result.status.success());
  EXPECT_LT(steady_now() - before, std::chrono::seconds(2));
}

TEST(ProcessTest, MissingProgramIsASentenceWithItsName) {
  try {
    run({.argv = {"no-such-program-here"}}, "");
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_EQ(error.code(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("no-such-program-here"), std::string::npos);
  }
  EXPECT_THROW(Child::spawn({.argv = {}}), BadInput);
  EXPECT_THROW(Child::spawn({.argv = {"echo", std::string("a\0b", 3)}}), BadInput);
}

TEST(ProcessTest, EnvironmentAndDirectoryAreTheOnesGiven) {
  Command command{.argv = {"/usr/bin/env"}, .environment = std::vector<std::string>{"A=1"}};
  EXPECT_EQ(run(command, "").out, "A=1\n");
  Command where{.argv = {"/bin/pwd"}, .working_directory = "/usr"};
  EXPECT_EQ(run(where, "").out, "/usr\n");
}

TEST(ProcessTest, ChildHasNoDescriptorOfOurs) {
  const int leak = ::open("/dev/null", O_RDONLY);  // not close-on-exec, as a careless library would
  ASSERT_GE(leak, 3);
  const auto result = run({.argv = {"ls", "/proc/self/fd"}}, "");
  ::close(leak);
  // 3 is ls's own, on the directory.
  EXPECT_EQ(result.out, "0\n1\n2\n3\n");
}

TEST(ProcessTest, EndIsSeenThroughThePidfdAndStatusStays) {
  Child child = Child::spawn({.argv = {"sleep", "0.05"}});
  EXPECT_FALSE(child.wait(milliseconds(0)).has_value());
  EXPECT_EQ(::getpgid(child.pid()), child.pid());
  pollfd ended{child.pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 5000), 1);
  EXPECT_TRUE(child.wait().success());
  EXPECT_TRUE(child.wait(milliseconds(0))->success());
  child.kill_group(SIGKILL);  // does nothing
}

TEST(ProcessTest, StopAsksFirstAndInsistsAfterTheGrace) {
  Child polite = Child::spawn({.argv = {"sleep", "30"}});
  EXPECT_EQ(polite.stop(milliseconds(5000)).signal, SIGTERM);
  Child stubborn = Child::spawn({.argv = {"env", "--ignore-signal=TERM", "sleep", "30"}});
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(stubborn.stop(milliseconds(100)).signal, SIGKILL);
}

TEST(ProcessTest, DestructionEndsTheChild) {
  pid_t pid = 0;
  {
    Child child = Child::spawn({.argv = {"sleep", "30"}});
    pid = child.pid();
    const Child moved = std::move(child);
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(ProcessTest, FilesAreReadAndAppendedTo) {
  const test::TemporaryDirectory dir;
  write_file_atomic(dir / "in", "text\n", 0600);
  Command command{.argv = {"cat"}, .in = FileStream{dir / "in"}, .out = FileStream{dir / "log"}};
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Child::spawn(command).wait().success());
  EXPECT_EQ(read_file(dir / "log", 100), "text\ntext\n");
  command.in = FileStream{dir / "none"};
  EXPECT_THROW(Child::spawn(command), SystemError);
}

}  // namespace
}  // namespace edgecore
