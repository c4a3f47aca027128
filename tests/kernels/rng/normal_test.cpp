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
