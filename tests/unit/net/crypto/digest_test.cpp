// SPDX-License-Identifier: Apache-2.0
#include "edgecore/net/digest.hpp"

#include <gtest/gtest.h>

#include "edgecore/base/error.hpp"
#include "support/hmac.hpp"

namespace edgecore::net {
namespace {

TEST(DigestTest, MatchesPublishedVectors) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  EXPECT_EQ(hex(test::hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(equal_secrets("same", "same"));
  EXPECT_FALSE(equal_secrets("same", "sane"));
  EXPECT_FALSE(equal_secrets("same", "same "));
}

TEST(DigestTest, Base64GoesThereAndBack) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  for (std::size_t size = 0; size < 70; ++size) {
    std::string data;
    for (std::size_t i = 0; i < size; ++i) data += static_cast<char>(i * 37 + size);
    EXPECT_EQ(base64_decode(base64(data)), data);
    EXPECT_EQ(base64url_decode(base64url(data)), data);
  }
}

TEST(DigestTest, BrokenBase64IsBadInput) {
  for (const auto* text : {"Zg", "Zg=", "Z===", "Zg=v", "Zm9v\n", "Zh==", "-_8="})
    EXPECT_THROW(base64_decode(text), BadInput) << text;
  for (const auto* text : {"Zg==", "+/8", "Z", "Zh"}) EXPECT_THROW(base64url_decode(text), BadInput) << text;
}

TEST(Base64, ReadsWhatGoReadsFromSecrets) {
  EXPECT_EQ(base64_decode_lines("YWI="), "ab");
  EXPECT_EQ(base64_decode_lines("YQ==\n"), "a");
  EXPECT_EQ(base64_decode_lines("Y\r\nR=\n=\n"), "a") << "bits beyond the last byte do not matter";
  EXPECT_EQ(base64_decode_lines(""), "");
  for (const char* bad : {"YW", "Y", "YQ=", "Y===", "YQ==YQ==", "Y-I=", "===="})
    EXPECT_EQ(base64_decode_lines(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace edgecore::net
