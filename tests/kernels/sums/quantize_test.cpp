#include "kernels/sums/quantize.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace {

using namespace muster::kernels;

TEST(Quantize, RoundsToNearestEvenOnce) {
  EXPECT_EQ(quantize(0.5).q, 0.0);
  EXPECT_EQ(quantize(1.5).q, 2.0);
  EXPECT_EQ(quantize(2.5).q, 2.0);
  EXPECT_EQ(quantize(-2.5).q, -2.0);
  EXPECT_EQ(quantize(-0.75).q, -1.0);
}

// The halves rebuild the integer, and their products are exact integers a double holds.
TEST(Quantize, HalvesAreExact) {
  std::mt19937_64 any(11);
  std::uniform_real_distribution<double> value(-0x1p44, 0x1p44);
  for (int i = 0; i < 200000; ++i) {
    double const x = i < 100000 ? value(any) : std::ldexp(value(any), -static_cast<int>(any() % 44));
    Quantum const q = quantize(x);
    ASSERT_EQ(q.q, std::nearbyint(x));
    ASSERT_EQ(q.high * 0x1p22 + q.low, q.q);
    ASSERT_LE(std::fabs(q.low), 0x1p21);
    ASSERT_LE(std::fabs(q.high), 0x1p22);
    auto const integer = static_cast<__int128>(q.q);
    __int128 const square = (static_cast<__int128>(to_integer(q.high * q.high)) << 44) +
                            (static_cast<__int128>(to_integer(2 * q.high * q.low)) << 22) + to_integer(q.low * q.low);
    ASSERT_TRUE(square == integer * integer);
  }
}

TEST(Quantize, TellsWhatIsOffTheGrid) {
  EXPECT_TRUE(on_grid(0.0));
  EXPECT_TRUE(on_grid(std::nextafter(0x1p44, 0.0)));
  EXPECT_FALSE(on_grid(0x1p44));
  EXPECT_FALSE(on_grid(-0x1p44));
  EXPECT_FALSE(on_grid(std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(on_grid(std::numeric_limits<double>::quiet_NaN()));
}

}  // namespace
