// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/local_address.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "edgecore/base/error.hpp"

namespace edgecore::net {
namespace {

/// The kernel's error; 0 for success.
int refusal(const std::function<void()>& change) {
  try {
    change();
  } catch (const SystemError& error) {
    return error.code();
  }
  return 0;
}

// tests/unit/metaserver/listen_address_test.cpp adds real addresses, in a network namespace of its own.

TEST(LocalAddressTest, LoopbackIsHereAndADocumentationAddressIsNot) {
  EXPECT_TRUE(has_address("127.0.0.1"));
  EXPECT_FALSE(has_address("192.0.2.77"));
  EXPECT_FALSE(has_address("2001:db8::77"));
}

TEST(LocalAddressTest, TextThatIsNoAddressOrNameIsBadInput) {
  EXPECT_THROW(has_address("300.1.1.1"), BadInput);
  EXPECT_THROW(has_address(""), BadInput);
  EXPECT_THROW(add_host_address("lo", "127.0.0.1/8"), BadInput);
  EXPECT_THROW(add_dummy_link("a-name-that-is-too-long"), BadInput);
  EXPECT_THROW(add_dummy_link(""), BadInput);
}

TEST(LocalAddressTest, ALinkThatIsThereIsTakenAsItIs) {
  EXPECT_TRUE(add_dummy_link("lo"));
}

TEST(LocalAddressTest, LinksThatAreNotThereAreAnError) {
  const int said = refusal([] { set_link_up("edgecore-none"); });
  if (said == EPERM) GTEST_SKIP() << "links may only be changed with CAP_NET_ADMIN";
  EXPECT_EQ(said, ENODEV);
  EXPECT_EQ(refusal([] { add_host_address("edgecore-none", "169.254.30.10"); }), ENODEV);
}

}  // namespace
}  // namespace edgecore::net
