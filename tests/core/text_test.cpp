#include "core/text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace {

using namespace muster;

TEST(ParseNumber, TakesWholeTokensOnly) {
  EXPECT_EQ(parse_number("1e6"), 1e6);
  EXPECT_EQ(parse_number("-0.25"), -0.25);
  for (auto bad : {"", " 1", "1 ", "1e6x", "+1", "0x10", "inf", "nan", "-inf", "1e999", "1,5",
                   "1_000", "--1", "1e"})
    EXPECT_FALSE(parse_number(bad)) << bad;
}

TEST(ParseCount, TakesIntegersAndIntegralNumbers) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_EQ(parse_count("1e6"), 1'000'000U);
  for (auto bad : {"", "-1", "1.5", "1e300", "18446744073709551616", "1e6x", " 1"})
    EXPECT_FALSE(parse_count(bad)) << bad;
}

TEST(ParseBytes, KnowsUnits) {
  EXPECT_EQ(parse_bytes("512"), 512U);
  EXPECT_EQ(parse_bytes("1.5 KiB"), 1536U);
  EXPECT_EQ(parse_bytes("2GB"), 2'000'000'000U);
  for (auto bad : {"", "GB", "1 gb", "-1B", "1e30", "9999999TiB", "1 GB x"})
    EXPECT_FALSE(parse_bytes(bad)) << bad;
}

TEST(ParseDuration, KnowsUnits) {
  EXPECT_EQ(parse_duration("90"), 90.0);
  EXPECT_EQ(parse_duration("2min"), 120.0);
  EXPECT_EQ(parse_duration("250 ms"), 0.25);
  for (auto bad : {"", "-1s", "1 fortnight", "s"}) EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Numbers, ReadBackAsTheSameDouble) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    double const value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*parse_number(exact_number(value))),
              std::bit_cast<std::uint64_t>(value));
  }
  EXPECT_EQ(exact_number(5), "5.0");
  EXPECT_EQ(exact_number(0.1), "0.1");
  EXPECT_EQ(exact_number(1e22), "1e+22");
  EXPECT_EQ(plain_number(5), "5");
  EXPECT_EQ(*parse_number(exact_number(std::numeric_limits<double>::denorm_min())),
            std::numeric_limits<double>::denorm_min());
}

TEST(Human, IsShort) {
  EXPECT_EQ(human_count(7), "7");
  EXPECT_EQ(human_count(1234567), "1 234 567");
  EXPECT_EQ(human_count(123456), "123 456");
  EXPECT_EQ(human_rate(9.12e8, "path-steps"), "912 M path-steps/s");
  EXPECT_EQ(human_rate(999.9, "tiles"), "1.00 k tiles/s");
  EXPECT_EQ(human_duration(85e-5), "850 us");
  EXPECT_EQ(human_duration(0.045), "45 ms");
  EXPECT_EQ(human_duration(3.21), "3.21 s");
  EXPECT_EQ(human_duration(125), "2 min 05 s");
  EXPECT_EQ(human_duration(3720), "1 h 02 min");
  EXPECT_EQ(human_duration(3 * 86400 + 4 * 3600), "3 d 04 h");
  EXPECT_EQ(human_duration(59.99), "1 min 00 s");
  EXPECT_EQ(human_duration(std::nan("")), "unknown");
  EXPECT_EQ(human_duration(1e300), "for ever");
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(1536), "1.50 KiB");
  EXPECT_EQ(human_bytes(~std::uint64_t{0}), "16.0 EiB");
}

TEST(Printable, ShowsHostileBytes) {
  EXPECT_EQ(printable("plain \xc3\xa9"), "plain \xc3\xa9");
  EXPECT_EQ(printable(std::string_view("a\0b\x1b[2J", 7)), "a\\x00b\\x1b[2J");
  EXPECT_EQ(printable("\xff\xc0\x80\xed\xa0\x80"), "\\xff\\xc0\\x80\\xed\\xa0\\x80");
  EXPECT_LE(printable(std::string(1000, 'x'), 60).size(), 60U);
  EXPECT_EQ(printable(std::string(1000, 'x'), 60).substr(56), "x...");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(Trimmed, TakesBlanksOffBothEnds) {
  EXPECT_EQ(trimmed(" \t a b \r\n"), "a b");
  EXPECT_EQ(trimmed("  "), "");
}

}  // namespace
