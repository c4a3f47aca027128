// Steps of training by themselves: the order of samples, schedules, scales, and what is saved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/network.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/training.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

using ::testing::HasSubstr;

TEST(Shuffle, IsAPermutationOfItsOwnInEveryEpoch) {
  for (std::uint64_t const count : {1, 2, 3, 64, 1000, 4097}) {
    std::vector<std::uint64_t> first(count), second(count), sorted(count);
    auto const order = kernels::nets::shuffled_order(count, 9, 0), next = kernels::nets::shuffled_order(count, 9, 1);
    for (std::uint64_t i = 0; i < count; ++i) first[i] = order.at(i), second[i] = next.at(i);
    std::iota(sorted.begin(), sorted.end(), 0);
    if (count >= 64) {
      EXPECT_NE(first, second);
      EXPECT_NE(first, sorted);
    }
    std::ranges::sort(first);
    std::ranges::sort(second);
    EXPECT_EQ(first, sorted);
    EXPECT_EQ(second, sorted);
  }
}

TEST(Schedule, RisesAndFallsAsNamed) {
  auto const of = [](std::string const& name) {
    return params_of(price_job, {"training.schedule=\"" + name + "\"", "training.batch=10", "training.epochs=10", "training.warmup=0.2",
                                 "training.learning_rate=1", "training.final_rate=0.1"});
  };
  for (std::string const name : {"constant", "cosine", "one_cycle"}) {
    auto const params = of(name);
    ASSERT_EQ(step_count(params), 1000u);
    EXPECT_DOUBLE_EQ(learning_rate(params, 199), 1) << name;
    EXPECT_LT(learning_rate(params, 0), 0.06) << name;
    EXPECT_NEAR(learning_rate(params, 999), name == "constant" ? 1 : 0.1, 1e-12) << name;
    // Half way down: the middle of the highest and the last.
    EXPECT_NEAR(learning_rate(params, 599), name == "constant" ? 1 : 0.55, 1e-12) << name;
  }
}

TEST(Scales, OfGradientsThatNeverSettleEndTheRun) {
  auto const params = params_of(price_job);
  Training const training(params);
  auto network = std::make_shared<Network>();
  network->phase = Phase::learn;
  network->exponents.assign(training.buckets(), 47);
  Slots sums(training.slots(), 0);
  auto& most = sums[training.parameters() + report_words];
  // Larger and smaller by turns than the scale of the time before holds.
  EXPECT_THAT(
      [&] {
        for (std::uint64_t i = 0; i <= spare_stages(params); ++i) {
          most = std::bit_cast<std::int32_t>(i % 2 == 0 ? 0x1p100f : 0x1p-100f);
          network = training.next(*network, sums, 1);
          EXPECT_EQ(network->step, 0u);
          EXPECT_EQ(network->again, i + 1);
        }
      },
      ::testing::ThrowsMessage<Error>(HasSubstr("step 1: gradients jumped by more than 2^8 from one step to the next 33 times")));
}

TEST(Contracts, FillTheirBox) {
  auto const params = params_of(asian_job);
  auto const inputs = inputs_of(params.contract);
  std::vector<double> low(inputs.size(), 9), high(inputs.size(), -9), sum(inputs.size(), 0);
  constexpr int count = 20'000;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto const values = values_of(params.contract, draw_contract(params.contract, 3, i));
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      double const x = (values[j] - inputs[j].middle) / inputs[j].half;
      low[j] = std::min(low[j], x), high[j] = std::max(high[j], x), sum[j] += x;
    }
  }
  for (std::size_t j = 0; j < inputs.size(); ++j) {
    EXPECT_GE(low[j], -1) << inputs[j].name;
    EXPECT_LE(high[j], 1) << inputs[j].name;
    EXPECT_LT(low[j], -0.95) << inputs[j].name;
    EXPECT_GT(high[j], 0.95) << inputs[j].name;
    // Of the box's volume every input but the product known_average has an even share.
    double const mean = inputs[j].name == "known_average" ? 0 : sum[j] / count;
    EXPECT_NEAR(mean, 0, 4 * std::sqrt(1.0 / 3 / count) * 1.1) << inputs[j].name;
  }
}

TEST(Contracts, AreRefusedOutsideTheirMeaning) {
  auto const choice = params_of(asian_job).contract;
  EXPECT_THAT([&] { contract_of(choice, {1, 1, 0, 0, 0, 0, 1}); }, ::testing::ThrowsMessage<Error>(HasSubstr("must be above 0")));
  EXPECT_THAT([&] { contract_of(choice, {1, 1, .2, 0, 0, 2.5, 1}); }, ::testing::ThrowsMessage<Error>(HasSubstr("whole number from 0 to 11")));
  EXPECT_THAT([&] { contract_of(choice, {1, 1, .2, 0, 0, 12, 1}); }, ::testing::ThrowsMessage<Error>(HasSubstr("whole number from 0 to 11")));
}

TEST(SavedNetwork, IsWhatWasSaved) {
  auto const params = params_of(asian_job);
  auto const job = make_train_job(params);
  auto const words = sums_of(*job, 1);
  EXPECT_EQ(encode(*decode(params, words, 1)), words);
}

TEST(SavedNetwork, OfAnotherJobOrCutShortIsRefused) {
  auto const params = params_of(asian_job);
  auto const words = sums_of(*make_train_job(params), 1);
  auto const refused = ::testing::ThrowsMessage<Error>(HasSubstr("its sizes do not fit"));
  EXPECT_THAT([&] { decode(params_of(price_job), words, 1); }, refused);
  EXPECT_THAT([&] { decode(params_of(asian_job, {"network.width=22"}), words, 1); }, refused);
  for (std::size_t const left : {std::size_t{0}, std::size_t{1}, std::size_t{5}, words.size() / 2, words.size() - 1})
    EXPECT_THAT([&] { decode(params, std::span(words).first(left), 1); }, refused) << left;
  auto longer = words;
  longer.push_back(0);
  EXPECT_THAT([&] { decode(params, longer, 1); }, refused);
}

}  // namespace
}  // namespace muster::jobs::train
