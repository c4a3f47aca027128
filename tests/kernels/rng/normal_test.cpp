#include "kernels/rng/normal.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/rng/philox.hpp"

namespace {

using namespace muster::kernels;

// Every float of the grid that uniform_single can return, in steps; libm's long double logarithm as reference.
TEST(Normal, MinusTwoLogOfFloats) {
  double worst = 0;
  for (std::uint32_t k = 0; k < (1u << 23); k += 7) {
    float const u = uniform_single(k << 9);
    double const exact = -2.0 * static_cast<double>(std::log(static_cast<long double>(u)));
    worst = std::fmax(worst, std::fabs(static_cast<double>(minus_two_log(u)) / exact - 1.0));
  }
  EXPECT_LT(worst, 0x1p-21);
}

float as_float(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

double squared_radius_error(float product) {
  long double const exact = -2 * std::log(static_cast<long double>(product) / 0x1p66L) + 3 * std::log(2.0L) / 0x1p22L;
  return static_cast<double>(std::fabs(static_cast<long double>(squared_radius(product)) - exact) - 0x1p-22L * exact);
}

// The whole range of products in steps, and every one of the last two binades, where the radius is small.
TEST(Normal, SquaredRadius) {
  auto const bits = [](float x) { return __builtin_bit_cast(std::uint32_t, x); };
  float const half = odd_half(0x3fffff);
  std::uint32_t const most = bits(half * half * half);
  double worst = 0;
  float least = 1;
  for (std::uint32_t b = bits(0.125f); b < most; b += 997) worst = std::fmax(worst, squared_radius_error(as_float(b)));
  for (std::uint32_t b = most; b > most - (1u << 24); --b) {
    least = std::fmin(least, squared_radius(as_float(b)));
    if (b % 16 == 0) worst = std::fmax(worst, squared_radius_error(as_float(b)));
  }
  EXPECT_LT(worst, 0x1p-20);
  EXPECT_GT(least, 8.2e-7f);
  EXPECT_LT(squared_radius(0.125f), normal_bound_single * normal_bound_single);
}

// Every angle: error, and the second moments of the pair.
TEST(Normal, TurnsEveryAngle) {
  constexpr std::uint32_t count = 1u << 23;
  double worst = 0, cosines = 0, sines = 0, mixed = 0;
  for (std::uint32_t k = 0; k < count; ++k) {
    float const t = half_turns(k << 9);
    float z0, z1;
    turn(1.0f, t, z0, z1);
    double const a = 2 * 3.14159265358979323846 * static_cast<double>(t);
    double const c = static_cast<double>(z0), s = static_cast<double>(z1);
    if (k % 8 == 0) worst = std::fmax(worst, std::fmax(std::fabs(c - std::cos(a)), std::fabs(s - std::sin(a))));
    cosines += c * c;
    sines += s * s;
    mixed += c * s;
  }
  EXPECT_LT(worst, 0x1p-20);
  EXPECT_LT(std::fabs(2 * cosines / count - 1), 1e-8);
  EXPECT_LT(std::fabs(2 * sines / count - 1), 1e-8);
  EXPECT_LT(std::fabs(2 * mixed / count), 1e-11);
}

// The moments of a normal that the grids of the uniforms imply in exact arithmetic, by enumeration: those of the
// squared length over all three uniforms, times those of a share over both others, against the exact law's. The
// angles' are exact up to order 1023.
TEST(Normal, MomentsOfTheGrids) {
  constexpr int radii = 1 << 22;
  double one[5] = {}, three[5], length[5] = {};
  for (int k = 0; k < radii; ++k) {
    double power = 1.0 / radii;
    for (int m = 0; m < 5; ++m, power *= -2 * std::log((k + 0.5) / radii)) one[m] += power;
  }
  double const binomial[5][5] = {{1}, {1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}};
  auto const sum = [&](double const(&a)[5], double const(&b)[5], double(&to)[5]) {
    for (int n = 0; n < 5; ++n) {
      to[n] = 0;
      for (int j = 0; j <= n; ++j) to[n] += binomial[n][j] * a[j] * b[n - j];
    }
  };
  double two[5];
  sum(one, one, two);
  sum(two, one, three);
  double shift[5];
  for (int m = 0; m < 5; ++m) shift[m] = std::pow(3 * std::log(2.0) / radii, m);
  sum(three, shift, length);
  constexpr int cells = 1 << 16;
  double end[5] = {}, middle[5] = {};
  for (int k = 0; k < cells; ++k) {
    double const weight_end = (2.0 * (cells - k) - 1) / cells / cells;
    double const weight_middle = (k == 0 ? 1.0 : 2.0 * (cells - k) / cells) / cells;
    for (int m = 0; m < 5; ++m) {
      end[m] += weight_end * std::pow((k + 0.5) / cells, m);
      middle[m] += weight_middle * std::pow(double(k) / cells, m);
    }
  }
  double const law_length[] = {1, 6, 48, 480, 5760};
  double const law_share[] = {1, 1.0 / 3, 1.0 / 6, 1.0 / 10, 1.0 / 15};
  double const allowed[] = {1e-12, 1e-9, 1e-6, 6e-6, 3e-5};
  for (int m = 0; m < 5; ++m) {
    EXPECT_LT(std::fabs(length[m] * end[m] / (law_length[m] * law_share[m]) - 1), allowed[m]) << "moment " << 2 * m;
    EXPECT_LT(std::fabs(length[m] * middle[m] / (law_length[m] * law_share[m]) - 1), allowed[m]) << "moment " << 2 * m;
  }
}

TEST(Normal, MinusTwoLogOfDoubles) {
  auto const keys = philox_keys(3);
  double worst = 0;
  for (std::uint64_t i = 0; i < 200000; ++i) {
    std::uint32_t w[4];
    philox(keys, i, 0, 0, w);
    double const u = uniform_double(w[0] >> (i % 30), w[1]);
    double const exact = -2.0 * static_cast<double>(std::log(static_cast<long double>(u)));
    worst = std::fmax(worst, std::fabs(minus_two_log(u) / exact - 1.0));
  }
  EXPECT_LT(worst, 0x1p-49);
}

TEST(Normal, UniformsAreInsideTheUnitInterval) {
  EXPECT_GT(uniform_single(0), 0.0f);
  EXPECT_LT(uniform_single(0xffffffff), 1.0f);
  EXPECT_GT(uniform_double(0, 0), 0.0);
  EXPECT_LT(uniform_double(0xffffffff, 0xffffffff), 1.0);
  EXPECT_EQ(uniform_single(0), 0x1p-24f);
  EXPECT_EQ(uniform_double(0, 0), 0x1p-41);
}

template <class Real>
constexpr double bound = sizeof(Real) == 4 ? normal_bound_single : normal_bound_double;

// The extreme words: no normal is beyond its bound, none is NaN.
template <class Real>
void expect_bounded() {
  std::uint32_t const extremes[] = {0, 1, 0x1ff, 0x200, 0x7fffffff, 0x80000000, 0xfffffe00, 0xffffffff};
  for (auto a : extremes)
    for (auto b : extremes)
      for (auto c : extremes)
        for (auto d : extremes) {
          Real z[normals_per_block<Real>];
          block_normals(a, b, c, d, z);
          for (Real x : z) ASSERT_LE(std::fabs(static_cast<double>(x)), bound<Real>);
        }
}
TEST(Normal, Bounded) {
  expect_bounded<float>();
  expect_bounded<double>();
}

// Moments one to eight of every position of a block and the correlations of all pairs and of their squares,
// each within 4.5 standard errors, over 2^20 blocks with a seed fixed beforehand.
template <class Real>
void expect_standard_normal() {
  constexpr int count = normals_per_block<Real>;
  constexpr int blocks = 1 << 20;
  double const exact[] = {1, 0, 1, 0, 3, 0, 15, 0, 105};
  double const variance[] = {0, 1, 2, 15, 96, 945, 10170, 135135, 2016000};
  double sums[count][9] = {};
  double pairs[count][count] = {};
  double squares[count][count] = {};
  auto const keys = philox_keys(2026);
  for (std::uint64_t i = 0; i < blocks; ++i) {
    std::uint32_t w[4];
    philox(keys, i, 17, 0, w);
    Real z[count];
    block_normals(w[0], w[1], w[2], w[3], z);
    for (int j = 0; j < count; ++j) {
      double power = 1;
      for (int m = 1; m <= 8; ++m) sums[j][m] += power *= static_cast<double>(z[j]);
      for (int k = 0; k < j; ++k) {
        double const product = static_cast<double>(z[j]) * static_cast<double>(z[k]);
        pairs[j][k] += product;
        squares[j][k] += product * product;
      }
    }
  }
  for (int j = 0; j < count; ++j) {
    for (int m = 1; m <= 8; ++m)
      EXPECT_LT(std::fabs(sums[j][m] / blocks - exact[m]), 4.5 * std::sqrt(variance[m] / blocks)) << "position " << j << " moment " << m;
    for (int k = 0; k < j; ++k) {
      EXPECT_LT(std::fabs(pairs[j][k] / blocks), 4.5 / std::sqrt(double(blocks))) << j << " with " << k;
      EXPECT_LT(std::fabs(squares[j][k] / blocks - 1), 4.5 * std::sqrt(8.0 / blocks)) << j << " with " << k;
    }
  }
}
TEST(Normal, SinglesAreStandardNormal) { expect_standard_normal<float>(); }
TEST(Normal, DoublesAreStandardNormal) { expect_standard_normal<double>(); }

}  // namespace
