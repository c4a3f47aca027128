// Networks in double precision against plain loops, bit for bit, and their second derivative against finite differences.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/nets/double_net.hpp"
#include "kernels/scalar_math.hpp"
#include "tests/kernels/nets/plain_net.hpp"

namespace muster::kernels::nets {
namespace {

struct ExactCurves {
  Activation kind;
  plain::Curve<double> operator()(double z) const {
    if (kind == Activation::relu) return {z > 0 ? z : 0.0, z > 0 ? 1.0 : 0.0, 0.0};
    if (kind == Activation::tanh) {
      double const t = 1 - 2 / (1 + exact_exp(2 * z)), slope = std::fma(-t, t, 1.0);
      return {t, slope, (-2 * t) * slope};
    }
    double const s = 1 / (1 + exact_exp(-z)), rest = 1 - s;
    return {z * s, s * std::fma(z, rest, 1.0), (s * rest) * std::fma(z, std::fma(-2.0, s, 1.0), 2.0)};
  }
};

struct Case {
  Activation activation;
  std::uint32_t linear_layer = no_layer;
};

class DoubleNets : public testing::TestWithParam<Case> {
 protected:
  Shape const shape_{{4, 37, 19, 1}, GetParam().activation, GetParam().linear_layer};
  std::uint32_t const along_ = 2;
  std::size_t const rows_ = 35;
  std::vector<float> parameters_;
  std::vector<double> inputs_;
  void SetUp() override {
    std::mt19937 engine(11);
    std::uniform_real_distribution<double> draw(-1, 1);
    for (std::size_t i = 0; i < parameter_count(shape_); ++i) parameters_.push_back(static_cast<float>(0.5 * draw(engine)));
    for (std::size_t i = 0; i < rows_ * shape_.inputs(); ++i) inputs_.push_back(draw(engine));
  }
  std::vector<double> row(std::size_t i) const {
    auto const at = inputs_.begin() + static_cast<std::ptrdiff_t>(i * shape_.inputs());
    return {at, at + shape_.inputs()};
  }
  plain::Net<double, ExactCurves> plain() const {
    return {shape_, std::vector<double>(parameters_.begin(), parameters_.end()), ExactCurves{shape_.activation}};
  }
  double slope_at(std::vector<double> x, double shift) const {
    x[along_] += shift;
    auto pass = plain().forward(x);
    plain().twin(pass);
    return pass.adjoint[0][along_];
  }
};

TEST_P(DoubleNets, have_the_bits_of_plain_loops) {
  auto const found = derivatives_of(shape_, parameters_, inputs_, along_);
  ASSERT_EQ(found.values.size(), rows_);
  ASSERT_EQ(found.slopes.size(), inputs_.size());
  for (std::size_t i = 0; i < rows_; ++i) {
    auto pass = plain().forward(row(i));
    plain().twin(pass);
    EXPECT_EQ(found.values[i], pass.value.back()[0]);
    for (std::size_t j = 0; j < shape_.inputs(); ++j) EXPECT_EQ(found.slopes[i * shape_.inputs() + j], pass.adjoint[0][j]);
  }
}

TEST_P(DoubleNets, bend_as_their_slopes_change) {
  // A relu's second derivative is that of its pieces: 0.
  bool const is_smooth = shape_.activation != Activation::relu;
  constexpr double step = 1e-5;
  auto const found = derivatives_of(shape_, parameters_, inputs_, along_);
  double largest = 0;
  for (std::size_t i = 0; i < rows_; ++i) {
    double const wanted = is_smooth ? (slope_at(row(i), step) - slope_at(row(i), -step)) / (2 * step) : 0;
    EXPECT_NEAR(found.bends[i], wanted, 1e-8);
    largest = std::max(largest, std::abs(found.bends[i]));
  }
  EXPECT_EQ(largest > 0.1, is_smooth);
}

INSTANTIATE_TEST_SUITE_P(, DoubleNets, testing::Values(Case{Activation::silu}, Case{Activation::tanh}, Case{Activation::relu},
                                                     Case{Activation::silu, 1}));

}  // namespace
}  // namespace muster::kernels::nets
