// Wide integers against Boost.Multiprecision, and quotients against the definition of rounding.
#include "core/wide.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <random>

namespace {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;
using muster::Wide;

template <int N>
cpp_int to_boost(Wide<N> const& value) {
  cpp_int magnitude = 0;
  auto const absolute = value.absolute();
  for (int i = N; i-- > 0;) magnitude = (magnitude << 64) | absolute.words[i];
  return value.is_negative() ? cpp_int(-magnitude) : magnitude;
}

template <int N>
cpp_int wrapped(cpp_int value) {
  cpp_int const modulus = cpp_int(1) << (64 * N);
  value %= modulus;
  if (value < 0) value += modulus;
  return value >= modulus / 2 ? cpp_int(value - modulus) : value;
}

/// x / 2^shift, towards minus infinity.
cpp_int floor_of(cpp_int const& x, int shift) {
  cpp_int const divisor = cpp_int(1) << shift;
  cpp_int const quotient = x / divisor;  // towards zero
  return x < 0 && quotient * divisor != x ? cpp_int(quotient - 1) : quotient;
}

/// Random words with long runs of ones and zeros, where carries travel far.
template <int N>
Wide<N> draw(std::mt19937_64& random) {
  Wide<N> value;
  for (auto& word : value.words) {
    switch (random() % 4) {
      case 0:
        word = random();
        break;
      case 1:
        word = 0;
        break;
      case 2:
        word = ~std::uint64_t{0};
        break;
      default:
        word = ~std::uint64_t{0} << (random() % 64);
    }
  }
  return value;
}

template <int N>
void expect_like_boost() {
  std::mt19937_64 random(N);
  for (int i = 0; i < 2000; ++i) {
    auto const a = draw<N>(random), b = draw<N>(random);
    cpp_int const x = to_boost(a), y = to_boost(b);
    int const shift = static_cast<int>(random() % (64 * N + 8));
    ASSERT_EQ(to_boost(a + b), wrapped<N>(x + y));
    ASSERT_EQ(to_boost(a - b), wrapped<N>(x - y));
    ASSERT_EQ(to_boost(-a), wrapped<N>(-x));
    ASSERT_EQ(to_boost(a * b), wrapped<N>(x * y));
    ASSERT_EQ(to_boost(muster::multiply(a, b)), x * y);
    ASSERT_EQ(to_boost(a << shift), wrapped<N>(x << shift));
    ASSERT_EQ(to_boost(a >> shift), floor_of(x, shift));
    ASSERT_EQ(a < b, x < y);
    ASSERT_EQ(a == b, x == y);
    ASSERT_EQ(a.bit_length(), x == 0 ? 0 : static_cast<int>(msb(abs(x))) + 1);
  }
}

TEST(Wide, DoesArithmeticLikeBoost) {
  expect_like_boost<1>();
  expect_like_boost<2>();
  expect_like_boost<4>();
  expect_like_boost<5>();
}

TEST(Wide, WidensAndTruncates) {
  Wide<2> const minus = Wide<2>(-5);
  EXPECT_EQ(to_boost(Wide<4>::from(minus)), -5);
  EXPECT_EQ(to_boost(Wide<1>::from(Wide<4>(7) + (Wide<4>(1) << 64))), 7);
  EXPECT_EQ(to_boost(Wide<2>::from_unsigned(~std::uint64_t{0})), cpp_int("18446744073709551615"));
}

/// Is `found` the double nearest to `exact`, ties to even? By comparing with both neighbours.
void expect_nearest(cpp_rational const& exact, double found, std::string const& what) {
  double const infinity = std::numeric_limits<double>::infinity();
  cpp_rational const top(cpp_int(1) << 1024);
  // What rounds to infinity is what lies at or beyond the midpoint above the largest double.
  cpp_rational const overflow = top - cpp_rational(cpp_int(1) << 970);
  if (abs(exact) >= overflow) {
    ASSERT_EQ(found, exact > 0 ? infinity : -infinity) << what;
    return;
  }
  ASSERT_TRUE(std::isfinite(found)) << what;
  cpp_rational const error = abs(cpp_rational(found) - exact);
  for (double const direction : {infinity, -infinity}) {
    double const other = std::nextafter(found, direction);
    cpp_rational const other_value =
        std::isfinite(other) ? cpp_rational(other) : cpp_rational(other > 0 ? top : -top);
    cpp_rational const other_error = abs(other_value - exact);
    ASSERT_LE(error, other_error) << what;
    if (error == other_error) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(found) & 1, 0U) << what << ": a tie is even";
    }
  }
}

template <int N, int M>
void expect_ratio(Wide<N> const& num, Wide<M> const& den, std::int64_t exponent) {
  cpp_int const divisor = to_boost(den);  // Boost wants it positive
  cpp_rational exact(divisor < 0 ? cpp_int(-to_boost(num)) : to_boost(num), abs(divisor));
  if (exponent >= 0)
    exact *= cpp_rational(cpp_int(1) << static_cast<unsigned>(exponent));
  else
    exact /= cpp_rational(cpp_int(1) << static_cast<unsigned>(-exponent));
  expect_nearest(
      exact, muster::ratio_to_double(num, den, exponent),
      to_boost(num).str() + " / " + to_boost(den).str() + " * 2^" + std::to_string(exponent));
}

TEST(RatioToDouble, IsCorrectlyRounded) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 3000; ++i) {
    auto num = draw<5>(random) >> static_cast<int>(random() % 320);
    auto den = draw<4>(random) >> static_cast<int>(random() % 256);
    if (den.is_zero()) den = Wide<4>(3);
    expect_ratio(num, den, static_cast<std::int64_t>(random() % 2600) - 1300);
  }
}

TEST(RatioToDouble, RoundsTiesToEven) {
  // (2^53 + k + 1/2) for small k, exactly and just off the tie.
  for (std::int64_t k = 0; k < 8; ++k) {
    Wide<4> const twice = (Wide<4>(1) << 54) + Wide<4>(2 * k + 1);
    expect_ratio(twice, Wide<4>(2), 0);
    for (std::int64_t const nudge : {-1, 1}) {
      expect_ratio((twice << 150) + Wide<4>(nudge), Wide<4>(1) << 151, 0);
      expect_ratio(-((twice << 150) + Wide<4>(nudge)), Wide<4>(1) << 151, 0);
    }
  }
}

TEST(RatioToDouble, RoundsSubnormalsAndTheLargestOnce) {
  for (std::int64_t k = 1; k < 64; ++k) {
    for (std::int64_t exponent : {-1080, -1078, -1076, -1075, -1074, -1073, -1022})
      expect_ratio(Wide<2>(k), Wide<2>(3), exponent);
    // Halves of the smallest subnormal are ties.
    expect_ratio(Wide<2>(k), Wide<2>(1), -1075);
  }
  Wide<2> const top = (Wide<2>(1) << 53) - Wide<2>(1);
  expect_ratio(top, Wide<2>(1), 971);
  expect_ratio((top << 1) + Wide<2>(1), Wide<2>(1), 970);  // the midpoint: infinity
  expect_ratio(top << 2, Wide<2>(1), 969);
  EXPECT_EQ(muster::ratio_to_double(Wide<1>(1), Wide<1>(1), -4000), 0.0);
  EXPECT_EQ(muster::ratio_to_double(Wide<1>(-1), Wide<1>(1), 4000),
            -std::numeric_limits<double>::infinity());
}

TEST(RatioToDouble, KeepsIntegersAndRefusesZero) {
  EXPECT_EQ(muster::to_double(Wide<4>(-42)), -42.0);
  EXPECT_EQ(muster::to_double(Wide<4>(0)), 0.0);
  EXPECT_FALSE(std::signbit(muster::ratio_to_double(Wide<1>(0), Wide<1>(-3))));
  EXPECT_ANY_THROW(muster::ratio_to_double(Wide<1>(1), Wide<2>(0)));
}

TEST(Limbs, NormalizeKeepsTheValue) {
  std::mt19937_64 random(5);
  for (int limb_bits : {1, 31, 40, 62}) {
    for (int i = 0; i < 300; ++i) {
      std::vector<std::int64_t> limbs(4);
      for (auto& limb : limbs) limb = static_cast<std::int64_t>(random()) >> (1 + random() % 40);
      cpp_int value = 0;
      for (std::size_t k = limbs.size(); k-- > 0;) value = (value << limb_bits) + limbs[k];
      EXPECT_EQ(to_boost(Wide<6>::from_limbs(limbs, limb_bits)), value);
      muster::normalize_limbs(limbs, limb_bits);
      for (std::size_t k = 0; k + 1 < limbs.size(); ++k) {
        EXPECT_GE(limbs[k], 0);
        EXPECT_LT(limbs[k], std::int64_t{1} << limb_bits);
      }
      EXPECT_EQ(to_boost(Wide<6>::from_limbs(limbs, limb_bits)), value);
    }
  }
}

}  // namespace
