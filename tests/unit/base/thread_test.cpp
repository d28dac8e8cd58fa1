// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/thread.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <csignal>
#include <system_error>

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

/// New threads want a stack that no machine has.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, std::size_t{1} << 46U);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_{};
};

TEST(QuietThreadTest, ThreadThatCouldNotBeStartedLeftSignalsBlocked) {
  const NoThreads exhausted;
  EXPECT_THROW(start_quiet_thread("none", [] {}), std::system_error);
  EXPECT_FALSE(blocks(SIGTERM));
}

}  // namespace
}  // namespace edgecore
