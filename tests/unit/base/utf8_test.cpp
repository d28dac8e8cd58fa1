// SPDX-License-Identifier: Apache-2.0
#include "edgecore/base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace edgecore {
namespace {

TEST(Utf8Test, TakesEveryLengthUpToItsLastCharacter) {
  for (const char* text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z"})
    EXPECT_TRUE(is_utf8(text)) << text;
  EXPECT_TRUE(is_utf8(std::string(1, '\0')));
}

TEST(Utf8Test, RefusesWhatIsCutLongOrBeyondUnicode) {
  for (const char* text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf",
                           "\xe1\x80", "\xe1\x80z", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                           "\xf1\x80\x80", "\xf5\x80\x80\x80", "\xff", "good\xc3"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

}  // namespace
}  // namespace edgecore
