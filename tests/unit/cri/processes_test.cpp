// SPDX-License-Identifier: Apache-2.0
#include "edgecore/cri/processes.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "edgecore/base/files.hpp"
#include "edgecore/base/process.hpp"

namespace edgecore::cri {
namespace {

/// A long-running program in the cgroup of this test: a part of that cgroup's path serves as the container's
/// id.
class ProcessesTest : public testing::Test {
 protected:
  ProcessesTest() : child_(Child::spawn(sleeping())) {
    const std::string own = read_file("/proc/self/cgroup", 65536).value_or("");
    cgroup_ = own.substr(0, own.find('\n'));
  }
  ~ProcessesTest() override { child_.stop(std::chrono::milliseconds(0)); }
  static Command sleeping() {
    Command command;
    command.argv = {"sleep", "1000"};
    return command;
  }

  Child child_;
  std::string cgroup_;
  std::unique_ptr<Processes> processes_ = make_kernel_processes();
};

TEST_F(ProcessesTest, TheEndOfAProcessIsTold) {
  const auto process = processes_->open(child_.pid(), cgroup_);
  ASSERT_NE(process, nullptr);
  boost::asio::io_context io;
  bool told = false;
  boost::asio::co_spawn(io, process->ended(), [&](const std::exception_ptr& why) { told = !why; });
  io.poll();
  EXPECT_FALSE(told);
  child_.kill_group(SIGKILL);
  io.restart();
  io.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(told);
}

TEST_F(ProcessesTest, TheNumberOfAnotherProcessIsNotTakenForTheContainers) {
  EXPECT_EQ(processes_->open(child_.pid(), "0a1b2c3d4e5f"), nullptr);
  EXPECT_EQ(processes_->open(child_.pid(), ""), nullptr);
  EXPECT_EQ(processes_->open(0, cgroup_), nullptr);
  EXPECT_EQ(processes_->open(-1, cgroup_), nullptr);
  EXPECT_EQ(processes_->open(std::int64_t{1} << 40, cgroup_), nullptr);
}

TEST_F(ProcessesTest, AProcessThatHasEndedIsNotThere) {
  child_.kill_group(SIGKILL);
  while (processes_->open(child_.pid(), cgroup_) != nullptr) ::usleep(1000);
  EXPECT_EQ(processes_->open(child_.pid(), cgroup_), nullptr) << "a zombie";
  child_.wait();
  EXPECT_EQ(processes_->open(child_.pid(), cgroup_), nullptr);
}

}  // namespace
}  // namespace edgecore::cri
