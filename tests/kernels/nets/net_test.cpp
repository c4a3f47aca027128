// The fast networks against plain loops, bit for bit, and those in double against finite differences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/nets/dropout.hpp"
#include "kernels/nets/host_net.hpp"
#include "kernels/scalar_math.hpp"
#include "tests/kernels/nets/plain_net.hpp"

namespace muster::kernels::nets {
namespace {

using plain::Curve;

struct Curves {
  Activation kind;
  template <class T>
  Curve<T> operator()(T z) const {
    if (kind == Activation::relu) return {z > 0 ? z : T(0), z > 0 ? T(1) : T(0), T(0)};
    if (kind == Activation::tanh) {
      T const t = T(1) - T(2) / (T(1) + exp_of(T(2) * z)), slope = std::fma(-t, t, T(1));
      return {t, slope, (T(-2) * t) * slope};
    }
    T const s = T(1) / (T(1) + exp_of(-z)), rest = T(1) - s;
    return {z * s, s * std::fma(z, rest, T(1)), (s * rest) * std::fma(z, std::fma(T(-2), s, T(1)), T(2))};
  }
  static double exp_of(double x) { return std::exp(x); }
  static float exp_of(float x) { return exact_exp_single(x); }
};

struct Case {
  std::vector<std::uint32_t> widths;
  std::uint32_t rows;
  bool has_slopes;
  Activation activation;
  std::uint32_t linear_layer = no_layer;
  double dropout = 0;
};

class Networks : public testing::Test {
 protected:
  std::vector<float> draw(std::size_t count, float from, float to) {
    std::vector<float> values(count);
    for (auto& x : values) x = std::uniform_real_distribution<float>(from, to)(engine_);
    return values;
  }
  std::mt19937 engine_{7};
};
class Nets : public Networks, public testing::WithParamInterface<Case> {};

template <class T>
std::vector<T> row_of(std::vector<float> const& matrix, std::size_t row, std::size_t width) {
  return {matrix.begin() + static_cast<std::ptrdiff_t>(row * width), matrix.begin() + static_cast<std::ptrdiff_t>((row + 1) * width)};
}

TEST_P(Nets, HaveTheBitsOfPlainLoops) {
  auto const& of = GetParam();
  Shape const shape{of.widths, of.activation, of.linear_layer};
  auto const parameters = draw(parameter_count(shape), -0.4f, 0.4f);
  auto const inputs = draw(std::size_t{of.rows} * shape.inputs(), -1, 1), targets = draw(std::size_t{of.rows} * shape.outputs(), -1, 1);
  auto const slopes = of.has_slopes ? draw(inputs.size(), -1, 1) : std::vector<float>{};
  auto const lambda = draw(shape.inputs(), 0.1f, 0.5f);
  constexpr double scale = 0x1p30;

  HostNet net(shape, of.has_slopes ? HostNet::Use::learn_slopes : HostNet::Use::learn);
  net.load(parameters);
  std::vector<double> const scales(2 * shape.layers(), scale);
  std::vector<std::int64_t> sums(parameters.size(), 5);
  std::vector<std::uint32_t> most(scales.size(), 0);
  constexpr std::uint64_t seed = 0x123456789abcdef, step = 8'765'432;
  constexpr std::uint32_t stream = 77;
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t row = 0; row < of.rows; ++row) numbers.push_back(20'000'000 - row * row);
  auto const dropout = dropout_of(of.dropout, seed, stream, step);
  auto const loss = net.add_gradient({inputs.data(), targets.data(), slopes.empty() ? nullptr : slopes.data(), of.rows, numbers.data()},
                                     {0.7f, lambda.data(), of.dropout > 0 ? &dropout : nullptr}, scales, sums, most);

  plain::Net<float, Curves> plain(shape, parameters, Curves{of.activation});
  std::vector<float> chain(parameters.size(), 0.0f), twin(parameters.size(), 0.0f);
  double value_loss = 0, slope_loss = 0;
  for (std::size_t row = 0; row < of.rows; ++row) {
    auto const x = row_of<float>(inputs, row, shape.inputs()), y = row_of<float>(targets, row, shape.outputs());
    auto const s = of.has_slopes ? row_of<float>(slopes, row, shape.inputs()) : std::vector<float>{};
    if (of.dropout > 0) plain.set_factors(plain::factors_of<float>(shape, of.dropout, seed, stream, step, numbers[row]));
    plain.add_gradient(x, y, s, 0.7f, lambda, chain, twin);
    auto pass = plain.forward(x);
    for (std::size_t o = 0; o < y.size(); ++o) value_loss += 0.7 * std::pow(double(pass.value.back()[o]) - y[o], 2);
    if (!of.has_slopes) continue;
    plain.twin(pass);
    for (std::size_t j = 0; j < s.size(); ++j) slope_loss += double(lambda[j]) * std::pow(double(pass.adjoint[0][j]) - s[j], 2);
  }
  for (std::size_t i = 0; i < sums.size(); ++i)
    ASSERT_EQ(sums[i], 5 + std::llrint(chain[i] * scale) + std::llrint(twin[i] * scale)) << "parameter " << i;
  EXPECT_NEAR(loss.value, value_loss, 1e-5 * value_loss);
  EXPECT_NEAR(loss.slope, slope_loss, 1e-5 * slope_loss);
  auto const buckets = buckets_of(shape);
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    float largest = 0;
    for (std::size_t i = buckets[b].first; i < buckets[b].first + buckets[b].count; ++i)
      largest = std::max({largest, std::abs(chain[i]), std::abs(twin[i])});
    EXPECT_EQ(most[b], std::bit_cast<std::uint32_t>(largest)) << "bucket " << b;
  }
}

TEST_P(Nets, PredictWhatPlainLoopsDo) {
  auto const& of = GetParam();
  Shape const shape{of.widths, of.activation, of.linear_layer};
  auto const parameters = draw(parameter_count(shape), -0.4f, 0.4f);
  auto const inputs = draw(std::size_t{of.rows} * shape.inputs(), -1, 1);
  HostNet net(shape, HostNet::Use::predict);
  net.load(parameters);
  std::vector<float> outputs(std::size_t{of.rows} * shape.outputs()), slopes(shape.outputs() == 1 ? inputs.size() : 0);
  net.predict(inputs, outputs, slopes);
  plain::Net<float, Curves> const plain(shape, parameters, Curves{of.activation});
  for (std::size_t row = 0; row < of.rows; ++row) {
    auto pass = plain.forward(row_of<float>(inputs, row, shape.inputs()));
    EXPECT_EQ(row_of<float>(outputs, row, shape.outputs()), pass.value.back());
    if (slopes.empty()) continue;
    plain.twin(pass);
    EXPECT_EQ(row_of<float>(slopes, row, shape.inputs()), pass.adjoint[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(, Nets, testing::Values(
    Case{{5, 33, 17, 1}, 200, true, Activation::silu}, Case{{3, 300, 7, 1}, 13, true, Activation::tanh},
    Case{{1, 1, 1}, 1, true, Activation::silu}, Case{{20, 40, 4, 40, 20}, 29, false, Activation::silu},
    Case{{8, 31, 2}, 385, false, Activation::relu}, Case{{2, 1}, 12, true, Activation::silu}, Case{{270, 5}, 7, false, Activation::tanh},
    Case{{20, 40, 4, 40, 20}, 200, false, Activation::tanh, 1}, Case{{9, 3, 9}, 50, false, Activation::silu, 0},
    Case{{5, 33, 17, 1}, 30, true, Activation::silu, 1}, Case{{4, 310, 3, 1}, 300, true, Activation::silu},
    Case{{7, 100, 600, 2}, 265, false, Activation::silu},
    Case{{5, 33, 17, 1}, 200, true, Activation::silu, no_layer, 0.25}, Case{{8, 31, 2}, 385, false, Activation::relu, no_layer, 0.5},
    Case{{5, 33, 17, 1}, 30, true, Activation::silu, 1, 0.3}, Case{{4, 310, 3, 1}, 300, true, Activation::tanh, no_layer, 0.1},
    Case{{20, 40, 4, 40, 20}, 200, false, Activation::tanh, 1, 0.9}, Case{{7, 100, 600, 2}, 265, false, Activation::silu, no_layer, 0.2}));

/// Blocks of all sizes, one of which is larger than a batch: what each comes to does not depend on its neighbours.
TEST_F(Networks, OfManyBlocksAtOnceHaveTheBitsOfOneAfterTheOther) {
  Shape const shape{{6, 50, 40, 1}, Activation::silu};
  std::vector<std::uint32_t> const rows{3, 100, 61, 1, 264, 400, 100, 100, 100, 17};
  auto const parameters = draw(parameter_count(shape), -0.4f, 0.4f), lambda = draw(shape.inputs(), 0.1f, 0.5f);
  std::vector<std::vector<float>> inputs, targets, slopes;
  std::vector<Samples> samples;
  for (auto const count : rows) {
    inputs.push_back(draw(std::size_t{count} * shape.inputs(), -1, 1));
    slopes.push_back(draw(inputs.back().size(), -1, 1));
    targets.push_back(draw(count, -1, 1));
  }
  for (std::size_t b = 0; b < rows.size(); ++b) samples.push_back({inputs[b].data(), targets[b].data(), slopes[b].data(), rows[b]});
  for (auto const use : {HostNet::Use::learn, HostNet::Use::learn_slopes}) {
    HostNet together(shape, use), alone(shape, use);
    together.load(parameters), alone.load(parameters);
    // Some gradients are beyond what is rounded in one step, some are not.
    for (double const scale : {0x1p30, 0x1p49}) {
      std::vector<double> const scales(2 * shape.layers(), scale);
      std::vector<std::int64_t> sums(parameters.size(), 5), wanted = sums;
      std::vector<std::vector<std::uint32_t>> most(rows.size(), std::vector<std::uint32_t>(scales.size(), 0)), wanted_most = most;
      std::vector<Block> blocks;
      for (std::size_t b = 0; b < rows.size(); ++b) blocks.push_back({samples[b], most[b].data()});
      together.add_gradients(blocks, {0.7f, lambda.data()}, scales, sums);
      for (std::size_t b = 0; b < rows.size(); ++b) {
        auto const loss = alone.add_gradient(samples[b], {0.7f, lambda.data()}, scales, wanted, wanted_most[b]);
        EXPECT_EQ(blocks[b].loss.value, loss.value) << "block " << b;
        EXPECT_EQ(blocks[b].loss.slope, loss.slope) << "block " << b;
      }
      EXPECT_EQ(sums, wanted);
      EXPECT_EQ(most, wanted_most);
    }
  }
}

/// Small gradients behind large ones: the largest that is told is none of the batch before.
TEST_F(Networks, TellTheLargestGradientOfTheirOwnSamplesAlone) {
  Shape const shape{{5, 24, 24, 1}, Activation::silu};
  auto const parameters = draw(parameter_count(shape), -0.4f, 0.4f), lambda = std::vector<float>(5, 0.0f);
  auto const inputs = draw(40 * 5, -1, 1), targets = draw(40, -1, 1), slopes = draw(40 * 5, -1, 1), far = draw(40, 1e6f, 2e6f);
  std::vector<double> const scales(2 * shape.layers(), 0x1p20);
  for (auto const use : {HostNet::Use::learn, HostNet::Use::learn_slopes}) {
    HostNet used(shape, use), fresh(shape, use);
    used.load(parameters), fresh.load(parameters);
    std::vector<std::int64_t> sums(parameters.size(), 0);
    std::vector<std::uint32_t> large(scales.size(), 0), most(scales.size(), 0), wanted(scales.size(), 0);
    used.add_gradient({inputs.data(), far.data(), slopes.data(), 40}, {1, lambda.data()}, scales, sums, large);
    used.add_gradient({inputs.data(), targets.data(), slopes.data(), 40}, {1, lambda.data()}, scales, sums, most);
    fresh.add_gradient({inputs.data(), targets.data(), slopes.data(), 40}, {1, lambda.data()}, scales, sums, wanted);
    EXPECT_EQ(most, wanted);
  }
}

/// The loss of one sample as a function of the parameters, in double.
double loss_of(Shape const& shape, std::vector<double> const& parameters, std::vector<double> const& x, double y,
               std::vector<double> const& s, std::vector<double> const& lambda, Activation activation, plain::Matrix<double> const& factors) {
  plain::Net<double, Curves> net(shape, parameters, Curves{activation});
  net.set_factors(factors);
  auto pass = net.forward(x);
  net.twin(pass);
  double loss = std::pow(pass.value.back()[0] - y, 2);
  for (std::size_t j = 0; j < s.size(); ++j) loss += lambda[j] * std::pow(pass.adjoint[0][j] - s[j], 2);
  return loss;
}

struct DerivativeCase {
  Activation activation;
  std::uint32_t linear_layer = no_layer;
  double dropout = 0;
};
class NetDerivatives : public testing::TestWithParam<DerivativeCase> {};

TEST_P(NetDerivatives, AreThoseOfFiniteDifferences) {
  auto const [activation, linear_layer, dropout] = GetParam();
  Shape const shape{{3, 6, 5, 1}, activation, linear_layer};
  std::mt19937 engine(3);
  std::uniform_real_distribution<double> draw(-0.8, 0.8);
  std::vector<double> parameters(parameter_count(shape)), x(3), s(3), lambda{0.3, 0.5, 0.2};
  for (auto* values : {&parameters, &x, &s})
    for (auto& v : *values) v = draw(engine);
  std::vector<double> chain(parameters.size(), 0.0), twin(parameters.size(), 0.0);
  plain::Net<double, Curves> net(shape, parameters, Curves{activation});
  auto const factors = dropout > 0 ? plain::factors_of<double>(shape, dropout, 1, 2, 3, 4) : plain::Matrix<double>{};
  net.set_factors(factors);
  net.add_gradient(x, {0.4}, s, 1.0, lambda, chain, twin);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    // Richardson's extrapolation of central differences: their error is of the sixth order.
    auto const central = [&, kind = activation](double h) {
      auto moved = parameters;
      moved[i] = parameters[i] + h;
      double const up = loss_of(shape, moved, x, 0.4, s, lambda, kind, factors);
      moved[i] = parameters[i] - h;
      return (up - loss_of(shape, moved, x, 0.4, s, lambda, kind, factors)) / (2 * h);
    };
    double const h = 4e-3, a = central(h), b = central(h / 2), c = central(h / 4);
    double const ab = b + (b - a) / 3, bc = c + (c - b) / 3, best = bc + (bc - ab) / 15;
    EXPECT_NEAR(chain[i] + twin[i], best, 1e-10) << "parameter " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(, NetDerivatives, testing::Values(DerivativeCase{Activation::silu}, DerivativeCase{Activation::tanh}, DerivativeCase{Activation::silu, 1},
                                                         DerivativeCase{Activation::silu, no_layer, 0.4}, DerivativeCase{Activation::tanh, no_layer, 0.4},
                                                         DerivativeCase{Activation::silu, 1, 0.4}));

/// Shares of dropped values, and of pairs that are dropped together, over all that a mask is keyed by.
TEST(Dropouts, AreAsManyAsTheRateSaysAndIndependent) {
  constexpr double rate = 0.3;
  constexpr std::uint32_t samples = 60, layers = 5, fours = 40, steps = 6;
  auto const of = dropout_of(rate, 9, 35, 0);
  auto const is_dropped = [&](std::uint32_t step, std::uint32_t sample, std::uint32_t layer, std::uint32_t element) {
    return dropout_factor(of, exact_words(9, dropout_item(sample, layer, element / 4), step, 35)[element % 4]) == 0;
  };
  double count = 0, dropped = 0, pairs[4] = {};
  for (std::uint32_t step = 0; step < steps; ++step)
    for (std::uint32_t sample = 0; sample < samples; ++sample)
      for (std::uint32_t layer = 0; layer < layers; ++layer)
        for (std::uint32_t element = 0; element < 4 * fours; ++element) {
          bool const own = is_dropped(step, sample, layer, element);
          count += 1;
          dropped += own;
          pairs[0] += own && is_dropped(step + 1, sample, layer, element);
          pairs[1] += own && is_dropped(step, sample + 1, layer, element);
          pairs[2] += own && is_dropped(step, sample, layer + 1, element);
          pairs[3] += own && is_dropped(step, sample, layer, element + 1);
        }
  // Four standard errors; those of pairs, which overlap, are at most sqrt(3) times those of independent ones.
  EXPECT_NEAR(dropped / count, rate, 4 * std::sqrt(rate * (1 - rate) / count));
  for (double const both : pairs) EXPECT_NEAR(both / count, rate * rate, 4 * std::sqrt(3 * rate * rate * (1 - rate * rate) / count));
  // What stays has the mean of all.
  EXPECT_EQ(of.scale, static_cast<float>(1 / (1 - rate)));
  EXPECT_NEAR((count - dropped) * static_cast<double>(of.scale) / count, 1, 0.01);
}

/// Validations and predictions have all values.
TEST_F(Networks, JudgeWithoutDropout) {
  Shape const shape{{5, 24, 24, 1}, Activation::silu};
  auto const parameters = draw(parameter_count(shape), -0.4f, 0.4f), lambda = draw(5, 0.1f, 0.5f);
  auto const inputs = draw(40 * 5, -1, 1), targets = draw(40, -1, 1), slopes = draw(40 * 5, -1, 1);
  std::vector<std::uint32_t> const numbers(40, 3);
  auto const dropout = dropout_of(0.5, 1, 2, 3);
  Samples const samples{inputs.data(), targets.data(), slopes.data(), 40, numbers.data()};
  LossWeights const all{1, lambda.data()}, dropping{1, lambda.data(), &dropout};
  HostNet net(shape, HostNet::Use::learn_slopes);
  net.load(parameters);
  auto const judged = net.loss(samples, all), same = net.loss(samples, dropping);
  EXPECT_EQ(judged.value, same.value);
  EXPECT_EQ(judged.slope, same.slope);
  std::vector<std::int64_t> sums(parameters.size(), 0);
  std::vector<std::uint32_t> most(2 * shape.layers(), 0);
  std::vector<double> const scales(most.size(), 0x1p20);
  auto const learned = net.add_gradient(samples, dropping, scales, sums, most);
  EXPECT_NE(learned.value, judged.value);
  EXPECT_NE(learned.slope, judged.slope);
  EXPECT_EQ(net.loss(samples, all).slope, judged.slope);
}

TEST(ExactGradient, TellsInfinityAndNan) {
  Shape const shape{{1, 1}, Activation::silu};
  HostNet net(shape, HostNet::Use::learn);
  std::vector<std::uint32_t> most(2, 0);
  std::vector<std::int64_t> sums(2, 0);
  std::vector<double> const scales(2, 1.0);
  float const x = 1, y = 0;
  for (float const weight : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> const parameters{weight, 0};
    net.load(parameters);
    net.add_gradient({&x, &y, nullptr, 1}, {1, nullptr}, scales, sums, most);
    EXPECT_GE(most[0], 0x7f800000u);
  }
}

TEST(ExactGradient, KeepsAllBitsOfSmallElementsBesideLargeOnes) {
  Shape const shape{{1, 2}, Activation::silu};
  HostNet net(shape, HostNet::Use::learn);
  std::vector<float> const parameters{0, 0, 0, 0};
  net.load(parameters);
  // Gradients 2^31 apart in one bucket, of 24 bits each: -2 x y with x = 1.
  float const x = 1, y[2] = {0x1.234566p19f, 0x1.fedcbap-12f};
  std::vector<std::uint32_t> most(2, 0);
  std::vector<std::int64_t> sums(4, 0);
  net.add_gradient({&x, y, nullptr, 1}, {1, nullptr}, std::vector<double>{0x1p35, 1.0}, sums, most);
  EXPECT_EQ(static_cast<double>(sums[0]), -0x1.234566p20 * 0x1p35);
  EXPECT_EQ(static_cast<double>(sums[1]), -0x1.fedcbap-11 * 0x1p35);
}

}  // namespace
}  // namespace muster::kernels::nets
