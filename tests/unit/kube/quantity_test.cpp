// SPDX-License-Identifier: Apache-2.0
#include "edgecore/kube/quantity.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "edgecore/base/error.hpp"

namespace edgecore::kube {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(QuantityTest, ValuesAndCanonicalTexts) {
  const struct {
    const char* text;
    std::int64_t value;
    std::int64_t milli;
    const char* canonical;
  } rows[] = {
      {"0", 0, 0, "0"},
      {"0Mi", 0, 0, "0"},
      {"0e5", 0, 0, "0"},
      {"-0", 0, 0, "0"},
      {"1", 1, 1000, "1"},
      {"+1", 1, 1000, "1"},
      {"100m", 1, 100, "100m"},
      {"0.1", 1, 100, "100m"},
      {".5", 1, 500, "500m"},
      {"5.", 5, 5000, "5"},
      {"1.5", 2, 1500, "1500m"},
      {"1500m", 2, 1500, "1500m"},
      {"1000m", 1, 1000, "1"},
      {"250u", 1, 1, "250u"},
      {"1n", 1, 1, "1n"},
      {"0.5n", 1, 1, "1n"},
      {"1.1n", 1, 1, "2n"},
      {"0.0000000000000000000000001", 1, 1, "1n"},
      {"1k", 1000, 1'000'000, "1k"},
      {"1000", 1000, 1'000'000, "1k"},
      {"1200", 1200, 1'200'000, "1200"},
      {"100000", 100'000, 100'000'000, "100k"},
      {"1M", 1'000'000, 1'000'000'000, "1M"},
      {"1.5G", 1'500'000'000, 1'500'000'000'000, "1500M"},
      {"1Ki", 1024, 1'024'000, "1Ki"},
      {"1.5Ki", 1536, 1'536'000, "1536"},
      {"1.5Gi", 1'610'612'736, 1'610'612'736'000, "1536Mi"},
      {"1024Ki", 1'048'576, 1'048'576'000, "1Mi"},
      {"0.5Ki", 512, 512'000, "512"},
      {"0.1Ki", 103, 102'400, "102400m"},
      {"1.0001Ki", 1025, 1'024'103, "1024102400u"},
      {"8010012Ki", 8'202'252'288, 8'202'252'288'000, "8010012Ki"},
      {"1e3", 1000, 1'000'000, "1e3"},
      {"1E3", 1000, 1'000'000, "1e3"},
      {"12e-1", 2, 1200, "1200e-3"},
      {"1e+2", 100, 100'000, "100"},
      {"1.23e5", 123'000, 123'000'000, "123e3"},
      {"1E", 1'000'000'000'000'000'000, kMost, "1E"},
      {"1Ei", 1'152'921'504'606'846'976, kMost, "1Ei"},
      {"-1", -1, -1000, "-1"},
      {"-1.5", -2, -1500, "-1500m"},
      {"-0.1n", -1, -1, "-1n"},
      {"-2Gi", -2'147'483'648, -2'147'483'648'000, "-2Gi"},
      {"9223372036854775807", kMost, kMost, "9223372036854775807"},
      {"9223372036854775806.5", kMost, kMost, "9223372036854775806500m"},
      // beyond the cap
      {"9223372036854775808", kMost, kMost, "9223372036854775807"},
      {"16Ei", kMost, kMost, "9223372036854775807"},
      {"1e1000", kMost, kMost, "9223372036854775807"},
      {"1e99999999999999999999", kMost, kMost, "9223372036854775807"},
      {"1e-99999999999999999999", 1, 1, "1e-9"},
      {"-1e1000", -kMost, -kMost, "-9223372036854775807"},
  };
  for (const auto& row : rows) {
    const auto quantity = Quantity::try_parse(row.text);
    ASSERT_TRUE(quantity.has_value()) << row.text;
    EXPECT_EQ(quantity->value(), row.value) << row.text;
    EXPECT_EQ(quantity->milli_value(), row.milli) << row.text;
    EXPECT_EQ(quantity->text(), row.canonical) << row.text;
    EXPECT_EQ(Quantity::parse(quantity->text()), *quantity) << row.text;
  }
}

TEST(QuantityTest, LongFractionsAreExact) {
  EXPECT_EQ(Quantity::parse(std::string(200, '0') + "7").value(), 7);
  EXPECT_EQ(Quantity::parse("0.000000001" + std::string(200, '0')).text(), "1n");
  EXPECT_EQ(Quantity::parse("0.000000001" + std::string(200, '0') + "1").text(), "2n");
  EXPECT_EQ(Quantity::parse("0." + std::string(100, '0') + "1Ei").text(), "1n");
}

TEST(QuantityTest, RefusesWhatIsNoQuantity) {
  for (const char* text :
       {"",      " ",     "-",     "+",    ".",   "m",      "Mi",      "e3",    "1.1.M",   "1+1.0M",
        "0.1mi", "0.1am", "aoeu",  ".5i",  "1i",  "-3.01i", "-3.01e-", " 1",    "1 ",      "1 Gi",
        "1KI",   "1ki",   "1K",    "1b",   "1B",  "1MB",    "1MiB",    "--1",   "+-1",     "1e",
        "1e+",   "1e3Mi", "1e3.5", "0x10", "1,5", "inf",    "nan",     "1e3e3", "\xc2\xb5"}) {
    EXPECT_FALSE(Quantity::try_parse(text).has_value()) << text;
    EXPECT_THROW(Quantity::parse(text), BadInput) << text;
  }
  EXPECT_FALSE(Quantity::try_parse(std::string_view("1\0", 2)).has_value());
  EXPECT_FALSE(Quantity::try_parse(std::string(100'000, '9')).has_value());
}

TEST(QuantityTest, ComparesAmountsNotTexts) {
  EXPECT_EQ(Quantity::parse("1Ki"), Quantity::parse("1024"));
  EXPECT_EQ(Quantity::parse("1e-3"), Quantity::parse("1m"));
  EXPECT_LT(Quantity::parse("999m"), Quantity::parse("1"));
  EXPECT_GT(Quantity::parse("1Gi"), Quantity::parse("1G"));
  EXPECT_LT(Quantity::parse("-1"), Quantity());
  EXPECT_TRUE(Quantity::parse("-1").is_negative());
  EXPECT_TRUE(Quantity().is_zero());
}

TEST(QuantityTest, SumsStayExactKeepAFormatAndNeverOverflow) {
  EXPECT_EQ((Quantity::parse("100m") + Quantity::parse("900m")).text(), "1");
  EXPECT_EQ((Quantity::parse("1Gi") - Quantity::parse("512Mi")).text(), "512Mi");
  EXPECT_EQ((Quantity() + Quantity::parse("64Mi")).text(), "64Mi");
  EXPECT_EQ((Quantity::parse("1Gi") + Quantity::parse("1k")).text(), "1073742824");
  EXPECT_EQ((Quantity::of(kMost) + Quantity::of(kMost)).value(), kMost);
  EXPECT_EQ((Quantity::of(-kMost) - Quantity::of(kMost)).value(), -kMost);
  EXPECT_EQ(Quantity::of(2, Quantity::Format::kBinarySi).text(), "2");
  EXPECT_EQ(Quantity::of(2048, Quantity::Format::kBinarySi).text(), "2Ki");
}

}  // namespace
}  // namespace edgecore::kube
