// A GPU's networks have the bits of this CPU's, without a GPU: their text, run by an emulated block.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "tests/kernels/emulated_block.hpp"
// What networks stand on, with the words above.
#include "kernels/nets/cuda_labels.hpp"
#include "kernels/nets/cuda_rows.hpp"
#include "kernels/nets/update_math.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::kernels::nets {
namespace {

using testing::EmulatedBlock;

std::vector<float> draw(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<float> values(count);
  for (auto& x : values) x = std::uniform_real_distribution<float>(-1, 1)(engine);
  return values;
}

std::uint32_t stride_of(std::uint32_t width) { return (width + 3) / 4 * 4; }

/// A matrix with numbers in its padding too: none of them may count.
struct Matrix {
  std::uint32_t rows, columns, stride = stride_of(columns);
  std::vector<float> at;

  Matrix(std::uint32_t r, std::uint32_t c, unsigned seed) : rows(r), columns(c), at(draw(std::size_t{r} * stride_of(c) + 16, seed)) {}
  float operator()(std::size_t row, std::size_t column) const { return at[row * stride + column]; }
};

/// Keeps what a product comes to.
struct Kept : NoLooks {
  Kept(float const* of, float* into, std::uint32_t width) : first(of), to(into), stride(width) {}
  float const* first;
  float* to;
  std::uint32_t stride;
  float start(std::uint32_t column) const { return first[at_most(column, stride - 1)]; }
  template <int Count>
  void finish(std::uint32_t row, std::uint32_t column, Run<Count> const& x) const {
    store_run(to + std::size_t{row} * stride + column, x);
  }
};

/// One after the other; `each` sees what all threads' work came to.
template <class Cut, Left lies, class Work, class Each>
void run_tiles(Factors const& factors, Work const& work, Each const& each) {
  auto const slices = std::make_unique<Slices<Cut>>();
  std::vector<Work> own(Cut::threads, work);
  if constexpr (requires { work.thread; })
    for (std::uint32_t thread = 0; thread < Cut::threads; ++thread) own[thread].thread = thread;
  for (std::uint32_t row = 0; row < factors.rows; row += Cut::rows)
    for (std::uint32_t column = 0; column < factors.columns; column += Cut::columns) {
      EmulatedBlock block(Cut::threads / 32);
      ASSERT_TRUE(block.run([&](int thread) {
        Tile<Cut, lies> tile(factors, static_cast<std::uint32_t>(thread), row, column, *slices);
        tile.run(own[static_cast<std::size_t>(thread)]);
      }));
    }
  each(own);
}

/// Every element is one chain in ascending order of the summed index.
template <class Cut, Left lies>
void expect_chains(std::uint32_t rows, std::uint32_t columns, std::uint32_t depth) {
  Matrix const left = lies == Left::by_rows ? Matrix(rows, depth, 1) : Matrix(depth, rows, 1);
  Matrix const right(depth, columns, 2), first(1, columns, 3);
  Matrix found(rows, columns, 4);
  Kept work(first.at.data(), found.at.data(), found.stride);
  run_tiles<Cut, lies>({left.at.data(), left.stride, right.at.data(), right.stride, rows, columns, depth}, work, [](auto const&) {});
  for (std::uint32_t r = 0; r < rows; ++r)
    for (std::uint32_t c = 0; c < columns; ++c) {
      float chain = first(0, c);
      for (std::uint32_t k = 0; k < depth; ++k) chain = std::fma(lies == Left::by_rows ? left(r, k) : left(k, r), right(k, c), chain);
      ASSERT_EQ(found(r, c), chain) << rows << " x " << columns << " x " << depth << ": row " << r << ", column " << c;
    }
}

template <class Cut, Left lies>
void expect_chains() {
  expect_chains<Cut, lies>(Cut::rows, Cut::columns, 32);
  expect_chains<Cut, lies>(Cut::rows + 3, Cut::columns + 5, 17);
  expect_chains<Cut, lies>(1, 1, 1);
  expect_chains<Cut, lies>(7, 9, 3);
}

TEST(EmulatedProducts, AreChainsInEveryCut) {
  expect_chains<Wide, Left::by_rows>();
  expect_chains<Square, Left::by_rows>();
  expect_chains<Narrow, Left::by_rows>();
  expect_chains<Thin, Left::by_rows>();
  expect_chains<Small, Left::by_rows>();
}

TEST(EmulatedProducts, OfGradientsAreChainsInEveryCut) {
  expect_chains<GradientWide, Left::by_depth>();
  expect_chains<Square, Left::by_depth>();
  expect_chains<GradientShort, Left::by_depth>();
  expect_chains<GradientThin, Left::by_depth>();
  expect_chains<Small, Left::by_depth>();
}

TEST(EmulatedProducts, PutGradientsOnTheGrid) {
  constexpr std::uint32_t rows = 37, columns = 25, depth = 20;
  Matrix const left(depth, rows, 5), right(depth, columns, 6);
  std::vector<std::int64_t> sums(rows * columns, 7);
  WeightGradient<Small> const work{{}, 0x1p40, sums.data(), columns, 0};
  run_tiles<Small, Left::by_depth>({left.at.data(), left.stride, right.at.data(), right.stride, rows, columns, depth}, work, [&](auto const& own) {
    EXPECT_GT(own[5].most, 0u);
    for (std::uint32_t c = 0; c < columns; ++c) {
      float sum = 0;
      // Once for each of the two tiles.
      for (int tile = 0; tile < 2; ++tile)
        for (std::uint32_t k = 0; k < depth; ++k) sum += right(k, c);
      EXPECT_EQ(own[c].biases[0], sum);
    }
  });
  for (std::uint32_t r = 0; r < rows; ++r)
    for (std::uint32_t c = 0; c < columns; ++c) {
      float chain = 0;
      for (std::uint32_t k = 0; k < depth; ++k) chain = std::fma(left(k, r), right(k, c), chain);
      ASSERT_EQ(sums[r * columns + c], 7 + std::llrint(chain * 0x1p40));
    }
}

TEST(EmulatedRows, HaveLossesInOrder) {
  for (std::uint32_t const width : {1u, 8u, 33u}) {
    constexpr std::uint32_t rows = 50;
    Matrix const found(rows, width, 8), wanted(rows, width, 9);
    Matrix derivative(rows, width, 10);
    auto const weights = draw(width, 11);
    ErrorView const view{found.at.data(), wanted.at.data(), weights.data(), 1, width, found.stride, derivative.at.data()};
    ChunkView const chunk{3, rows - 3};
    double loss = 0;
    for (std::uint32_t r = chunk.row; r < rows; ++r)
      for (std::uint32_t c = 0; c < width; ++c) {
        float const error = found(r, c) - wanted(r, c), weighted = weights[c] * error;
        loss += static_cast<double>(weighted) * static_cast<double>(error);
      }
    EmulatedBlock block(1);
    ASSERT_TRUE(block.run([&](int lane) { EXPECT_EQ(square_errors(view, chunk, static_cast<std::uint32_t>(lane)), loss); }));
    EXPECT_EQ(derivative(5, 0), 2.0f * (weights[0] * (found(5, 0) - wanted(5, 0))));
  }
}

TEST(EmulatedRows, AreGathered) {
  auto const inputs = draw(30, 12), targets = draw(10, 13), slopes = draw(30, 14);
  std::vector<float> to_inputs(8), to_targets(8), to_slopes(8);
  GatherView const view{inputs.data(), targets.data(), slopes.data(), nullptr, 0, 3, 1, to_inputs.data(), to_targets.data(), to_slopes.data(), 4, 4};
  gather_row(view, 7, 1);
  EXPECT_EQ(to_inputs[4], inputs[21]);
  EXPECT_EQ(to_slopes[6], slopes[23]);
  EXPECT_EQ(to_targets[4], targets[7]);
  std::vector<std::uint32_t> numbers(2);
  auto numbered = view;
  numbered.to_numbers = numbers.data();
  gather_row(numbered, 7, 1);
  EXPECT_EQ(numbers[1], 7u);
  // Windows are their own targets.
  std::vector<std::uint32_t> const places{2, 5};
  gather_row({inputs.data(), nullptr, nullptr, places.data(), 3, 4, 4, to_inputs.data(), to_targets.data(), nullptr, 4, 4}, 1, 0);
  EXPECT_EQ(to_inputs[3], inputs[18]);
  EXPECT_EQ(to_targets[3], inputs[18]);
}

/// Four neighbours a thread, against words by Philox; a member's columns begin inside the layer.
TEST(EmulatedRows, AreDropped) {
  constexpr std::uint32_t rows = 9, stride = 20, layer = 3, first = 32, stream = 35;
  std::vector<std::uint32_t> const numbers{5, 0, 19'999'999, 7, 7, 1, 2, 3, 4};
  auto const dropout = dropout_of(0.4, 77, stream, 123'456);
  auto const value = draw(rows * stride, 15), slope = draw(rows * stride, 16), bend = draw(rows * stride, 17);
  auto v = value, s = slope, b = bend;
  DropView const view{v.data(), s.data(), b.data(), numbers.data(), stride, layer, first};
  int dropped = 0;
  for (std::uint32_t row = 0; row < rows; ++row)
    for (std::uint32_t four = 0; four < stride / 4; ++four) drop_four(view, dropout, row, four);
  for (std::uint32_t row = 0; row < rows; ++row)
    for (std::uint32_t i = 0; i < stride; ++i) {
      auto const words = exact_words(77, (std::uint64_t{numbers[row]} << 32) + (layer << 16) + (first + i) / 4, 123'456, stream);
      float const factor = words[i % 4] < 0.4 * 0x1p32 ? 0.0f : static_cast<float>(1 / 0.6);
      std::size_t const at = row * stride + i;
      EXPECT_EQ(v[at], value[at] * factor);
      EXPECT_EQ(s[at], slope[at] * factor);
      EXPECT_EQ(b[at], bend[at] * factor);
      dropped += factor == 0;
    }
  EXPECT_GT(dropped, 30);
  EXPECT_LT(dropped, 120);
  // Where no slopes are learned there is no bend.
  drop_four({v.data(), s.data(), nullptr, numbers.data(), stride, layer, first}, dropout, 0, 0);
}

void expect_label(CallContract const& contract, std::uint64_t pairs) {
  LabelSums host{};
  add_label_paths(contract, 77, 5, 9, pairs, host);
  auto const law = path_law(contract, 77, 5, 9);
  LabelSums device{};
  std::vector<std::uint64_t> room(label_threads / 32 * label_sums);
  EmulatedBlock block(label_threads / 32);
  ASSERT_TRUE(block.run([&](int thread) {
    auto const one = law.is_heston() ? heston_block : label_block;
    one(law, pairs, static_cast<std::uint32_t>(thread), room.data(), device.data());
  }));
  EXPECT_EQ(host, device);
}

TEST(EmulatedLabels, HaveTheCpusSums) {
  expect_label({1.1, 0.7, 0.3, 0.02, 0.01}, 2000);
  expect_label({0.9, 0.7, 0.3, 0.02, 0.01}, 1);
  expect_label({1, 1.5, 0.4, 0.02, 0.01, 12, 4, 1.05}, 301);
  // Values that no sum can hold are counted.
  expect_label({1, 400, 1.5, 0, 0}, 500);
}

TEST(EmulatedNets, StepsAreThoseOfTheOptimizers) {
  constexpr std::size_t count = 9001;
  auto const parameters = draw(count, 1), first = draw(count, 2), average = draw(count, 3);
  auto second = draw(count, 4);
  std::vector<std::int64_t> sums(count);
  std::mt19937_64 engine(5);
  for (auto& sum : sums) sum = static_cast<std::int64_t>(engine()) >> engine() % 63;
  for (auto& x : second) x = std::abs(x);
  for (auto const optimizer : {Optimizer::adamw, Optimizer::sgd}) {
    UpdateRule const rule{.optimizer = optimizer, .gradient_scale = 0x1p-50, .learning_rate = 0.01f, .keep = 0.9f, .square_momentum = 0.99f,
                          .correction = 2, .square_correction = 3, .average_keep = 0.5f};
    auto p = parameters, m = first, v = second, a = average;
    auto all_p = p, all_m = m, all_v = v, all_a = a;
    UpdateView const view{p.data(), m.data(), v.data(), a.data(), p.data(), m.data(), v.data(), a.data()};
    for (std::size_t i = 0; i < count; ++i) update_one(rule, sums[i], view, i);
    update(rule, sums, {parameters, first, second, average}, {all_p, all_m, all_v, all_a});
    EXPECT_EQ(p, all_p);
    EXPECT_EQ(m, all_m);
    EXPECT_EQ(a, all_a);
    EXPECT_TRUE(optimizer == Optimizer::sgd || v == all_v);
  }
  double square = 0;
  for (auto const sum : sums) square = with_square(sum, 0x1p-40, square);
  EXPECT_NEAR(square, squared_norm(sums, 1, 0x1p-40), 1e-12 * square);
}

CallContract heston_call(double spot, double years, HestonMarket const& market) {
  CallContract contract{spot, years, 0, 0.03, 0.01};
  contract.heston = market;
  return contract;
}

TEST(EmulatedLabels, HaveTheCpusSumsUnderHestonsModel) {
  expect_label(heston_call(1.1, 0.7, {0.04, 2, 0.06, 0.3, -0.5, 16}), 500);
  // Both branches of the variance's step, and a last block of normals that is not used up.
  expect_label(heston_call(0.9, 1.8, {0.02, 0.7, 0.05, 0.9, -0.8, 11}), 301);
  expect_label(heston_call(1e39, 1, {0.04, 2, 0.06, 0.3, -0.5, 5}), 100);
}

}  // namespace
}  // namespace muster::kernels::nets
