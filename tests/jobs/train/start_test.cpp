// Jobs that go on from a stored network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "jobs/rows.hpp"
#include "jobs/train/network.hpp"
#include "jobs/train/start.hpp"
#include "jobs/train/stored.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

using ::testing::HasSubstr;

/// The job, to go on from what another of its shape has learned.
Params tuned(std::string_view job, std::vector<std::string> overrides, std::uint64_t frozen) {
  auto const first = params_of(job);
  auto const learned = make_train_job(first);
  auto params = params_of(job, std::move(overrides));
  params.start = std::make_shared<StoredNetwork>(stored_network(first, learned->results(sums_of(*learned, 1), 0)));
  params.network.frozen_layers = frozen;
  return params;
}

class Starts : public testing::TestWithParam<std::string_view> {};

TEST_P(Starts, have_one_answer_for_any_number_of_ranks) {
  auto const job = make_train_job(tuned(GetParam(), {"training.epochs=3", "seed=9"}, 1));
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 3, 8}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST_P(Starts, leave_frozen_layers_as_they_are) {
  auto const params = tuned(GetParam(), {"training.epochs=3", "training.learning_rate=0.05", "seed=9"}, 1);
  auto const job = make_train_job(params);
  auto const carry = job->steps()->decode(sums_of(*job, 2), 1);
  auto const& weights = *static_cast<Network const&>(*carry).weights;
  auto const& start = params.start->parameters;
  auto const first = kernels::nets::places_of(shape_of(params))[1].weights;
  for (auto const* values : {&weights.parameters, &weights.average}) {
    EXPECT_TRUE(std::equal(start.begin(), start.begin() + static_cast<std::ptrdiff_t>(first), values->begin()));
    for (std::size_t i = first; i < start.size(); ++i) EXPECT_NE(start[i], weights.parameters[i]) << i;
  }
}

TEST_P(Starts, keep_nothing_worse_than_they_began_with) {
  // So fast that it is only lost.
  auto const params = tuned(GetParam(), {"training.epochs=1", "training.learning_rate=5", "training.warmup=0", "training.schedule=\"constant\""}, 0);
  auto const job = make_train_job(params);
  auto const tables = job->results(sums_of(*job, 2), 0);
  auto const& validations = *find_table(tables, "validations");
  EXPECT_EQ(column<std::int64_t>(validations, "step").front(), 0);
  EXPECT_EQ(column<std::int64_t>(validations, "is_best").front(), 1);
  auto const kept = stored_network(params, tables);
  EXPECT_EQ(kept.parameters, params.start->parameters);
  EXPECT_EQ(kept.scale.mean, params.start->scale.mean);
  EXPECT_EQ(kept.scale.deviation, params.start->scale.deviation);
  EXPECT_EQ(network_digest(kept), network_digest(*params.start));
}

INSTANTIATE_TEST_SUITE_P(, Starts, testing::Values(asian_job, price_job));

TEST(Start, is_named_by_all_of_its_numbers) {
  StoredNetwork const network{{0.5, 2}, {1, -1}};
  auto const digest = network_digest(network);
  for (auto const& other : {StoredNetwork{{0.25, 2}, {1, -1}}, StoredNetwork{{0.5, 3}, {1, -1}}, StoredNetwork{{0.5, 2}, {1, 1}}, StoredNetwork{{0.5, 2}, {1}}})
    EXPECT_NE(network_digest(other), digest);
}

TEST(Start, is_told_from_one_of_another_box) {
  ContractChoice const choice;
  EXPECT_EQ(other_inputs(choice, choice), "");
  auto wide = choice;
  wide.volatility = {0.1, 0.9};
  EXPECT_EQ(other_inputs(wide, choice), "volatility from 0.1 to 0.9, here volatility from 0.05 to 0.6");
  auto asian = choice;
  asian.type = ContractKind::asian_call;
  EXPECT_EQ(other_inputs(asian, choice), "7 inputs, here 5");
  auto heston = choice;
  heston.model = ContractModel::heston;
  EXPECT_EQ(other_inputs(choice, heston), "5 inputs, here 9");
}

TEST(Start, is_needed_to_freeze_anything) {
  EXPECT_THAT(io::message_of(Exit::user, [] { params_of(price_job, {"network.frozen_layers=1"}); }),
              HasSubstr("network.frozen_layers: 1 without init_from (weights that were drawn would stay as they are)"));
}

}  // namespace
}  // namespace muster::jobs::train
