// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/thread.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <csignal>

namespace edgecore {
namespace {

bool blocks(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

TEST(QuietThreadTest, HasItsNameAndGetsNoSignals) {
  std::string name;
  bool quiet = false;
  std::thread thread = start_quiet_thread("a-name-of-more-than-15", [&] {
    std::array<char, 32> text{};
    pthread_getname_np(pthread_self(), text.data(), text.size());
    name = text.data();
    quiet = blocks(SIGTERM) && blocks(SIGINT) && blocks(SIGCHLD);
  });
  thread.join();
  EXPECT_EQ(name, "a-name-of-more-");
  EXPECT_TRUE(quiet);
  EXPECT_FALSE(blocks(SIGTERM));  // the caller's mask is unchanged
}

}  // namespace
}  // namespace edgecore
