// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/quoted.hpp"

#include <gtest/gtest.h>

namespace edgecore::kube {
namespace {

TEST(Quoted, IsWhatGoPrints) {
  using namespace std::string_view_literals;
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("system:serviceaccount:a:b"), R"("system:serviceaccount:a:b")");
  EXPECT_EQ(quoted(R"(a "b" \ c)"), R"("a \"b\" \\ c")");
  EXPECT_EQ(quoted("a\nb\tc\r\a\b\f\v"), R"("a\nb\tc\r\a\b\f\v")");
  EXPECT_EQ(quoted("\0\x1f\x7f"sv), R"("\x00\x1f\x7f")");
  EXPECT_EQ(quoted("größe"), "\"größe\"");
}

}  // namespace
}  // namespace edgecore::kube
