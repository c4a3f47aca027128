// Several networks of a job: what they share, what is kept, and when a gap is more than luck.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "jobs/rows.hpp"
#include "jobs/train/network.hpp"
#include "jobs/train/repeats.hpp"
#include "jobs/train/stored.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> with(std::vector<std::string> own, std::vector<std::string> const& more) {
  own.insert(own.end(), more.begin(), more.end());
  return own;
}
std::vector<std::string> const thrice_beside_prices{"network.repeats=3", "network.baseline=\"prices\"", "training.epochs=3"};

std::vector<Table> tables_of(std::string_view text, std::vector<std::string> const& overrides) {
  auto const job = make_train_job(params_of(text, overrides));
  return job->results(sums_of(*job, 2), 0);
}

TEST(Repeats, have_one_answer_for_any_number_of_ranks) {
  auto const job = make_train_job(params_of(asian_job, thrice_beside_prices));
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 3, 5}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST(Repeats, go_on_from_a_save) {
  auto const job = make_train_job(params_of(asian_job, thrice_beside_prices));
  orchestrator::MemoryPersistence persistence;
  std::atomic<bool> stop = true;
  auto outcome = run(*job, 2, persistence, &stop);
  int starts = 0;
  for (; outcome.verdict == Exit::stopped && starts < 500; ++starts) {
    stop = starts < 60;
    outcome = run(*job, 1 + starts % 3, persistence, &stop);
  }
  EXPECT_GT(starts, 30);
  EXPECT_EQ(outcome.verdict, Exit::done);
  EXPECT_EQ(outcome.sums, sums_of(*job, 1));
}

TEST(Repeats, begin_with_what_one_network_would_be) {
  auto const one = tables_of(asian_job, {});
  auto const several = tables_of(asian_job, {"network.repeats=2"});
  auto const& loss = column<double>(*find_table(one, "steps"), "loss");
  auto const& all = column<double>(*find_table(several, "steps"), "loss");
  ASSERT_EQ(all.size(), 2 * loss.size());
  EXPECT_TRUE(std::ranges::equal(loss, std::span(all).first(loss.size())));
  EXPECT_NE(all[loss.size()], loss[0]);
  auto const& runs = column<std::int64_t>(*find_table(several, "steps"), "run");
  EXPECT_EQ(runs.front(), 1);
  EXPECT_EQ(runs[loss.size()], 2);
  EXPECT_EQ(column<std::int64_t>(*find_table(several, "steps"), "step")[loss.size()], 1);
  EXPECT_EQ(column<double>(*find_table(several, "runs"), "price_rms")[0], column<double>(*find_table(one, "accuracy"), "value")[0]);
}

TEST(Repeats, keep_the_best_by_validation) {
  auto const tables = tables_of(asian_job, {"network.repeats=4"});
  auto const& validation = column<double>(*find_table(tables, "runs"), "validation");
  ASSERT_EQ(validation.size(), 4u);
  auto const best = static_cast<std::size_t>(std::ranges::min_element(validation) - validation.begin());
  auto const& accuracy = *find_table(tables, "accuracy");
  auto const& figures = column<double>(*find_table(tables, "runs"), "price_rms");
  EXPECT_EQ(column<double>(accuracy, "value")[0], figures[best]);
  double const mean = (figures[0] + figures[1] + figures[2] + figures[3]) / 4;
  EXPECT_NEAR(column<double>(accuracy, "mean")[0], mean, 1e-15);
  double square = 0;
  for (double const figure : figures) square += (figure - mean) * (figure - mean);
  EXPECT_NEAR(column<double>(accuracy, "spread")[0], std::sqrt(square / 3), 1e-15);
  auto const& is_best = column<std::int64_t>(*find_table(tables, "validations"), "is_best");
  EXPECT_EQ(std::ranges::count(is_best, 1), 1);
  auto const at = static_cast<std::size_t>(std::ranges::find(is_best, 1) - is_best.begin());
  EXPECT_EQ(column<std::int64_t>(*find_table(tables, "validations"), "run")[at], static_cast<std::int64_t>(best + 1));
}

TEST(Repeats, stand_beside_networks_that_learn_prices_alone) {
  auto const tables = tables_of(asian_job, thrice_beside_prices);
  auto const& runs = *find_table(tables, "runs");
  EXPECT_EQ(column<std::string>(runs, "learns")[2], "prices and derivatives");
  EXPECT_EQ(column<std::string>(runs, "learns")[3], "prices");
  // A baseline's network is what a job of prices alone makes, from the same weights in the same order.
  auto const plain = tables_of(asian_job, with({"training.slopes=0"}, {"training.epochs=3"}));
  EXPECT_EQ(column<double>(runs, "price_rms")[3], column<double>(*find_table(plain, "accuracy"), "value")[0]);
  auto const job = make_train_job(params_of(asian_job, thrice_beside_prices));
  auto const text = job->summary(tables);
  EXPECT_THAT(text, HasSubstr("of 3 networks, and as many of prices alone, the best by validation"));
  EXPECT_THAT(text, HasSubstr("prices alone"));
}

TEST(Repeats, end_early_each_by_itself) {
  auto const tables = tables_of(price_job, {"network.repeats=3", "training.epochs=5000", "training.patience=2", "training.learning_rate=0.3",
                                            "training.schedule=\"constant\"", "training.validate_every=1"});
  auto const& steps = column<std::int64_t>(*find_table(tables, "runs"), "steps");
  auto const& step = column<std::int64_t>(*find_table(tables, "steps"), "step");
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(static_cast<std::int64_t>(step.size()), steps[0] + steps[1] + steps[2]);
  EXPECT_LT(steps[0], 5000);
  EXPECT_EQ(step[static_cast<std::size_t>(steps[0])], 1);
}

TEST(Repeats, tell_a_gap_from_luck) {
  EXPECT_EQ(spread_of({1, 2, 3}).mean, 2);
  EXPECT_EQ(spread_of({1, 2, 3}).deviation, 1);
  EXPECT_EQ(spread_of({5}).deviation, 0);
  // Spreads of 1 each: a standard error of the gap of sqrt(2 / 3), twice that 1.63.
  EXPECT_EQ(verdict_on({1, 2, 3}, {2.7, 3.7, 4.7}), "beats it");
  EXPECT_EQ(verdict_on({1, 2, 3}, {2.6, 3.6, 4.6}), "cannot be told apart");
  EXPECT_EQ(verdict_on({2.6, 3.6, 4.6}, {1, 2, 3}), "cannot be told apart");
  EXPECT_EQ(verdict_on({2.7, 3.7, 4.7}, {1, 2, 3}), "is beaten");
}

TEST(Repeats, are_needed_to_tell_a_gap) {
  auto const faults = [](std::vector<std::string> overrides) {
    return io::message_of(Exit::user, [&] { params_of(asian_job, std::move(overrides)); });
  };
  EXPECT_THAT(faults({"network.baseline=\"prices\""}), HasSubstr("network.baseline: prices with one repeat (without a spread nobody can tell luck"));
  EXPECT_THAT(faults({"network.baseline=\"prices\"", "network.repeats=2", "training.slopes=0"}),
              HasSubstr("network.baseline: prices with training.slopes = 0 (both would learn the same)"));
  EXPECT_THAT(faults({"network.repeats=64", "training.batch=1", "training.epochs=5000"}), HasSubstr("steps in all (at most 10000000)"));
}

TEST(SavedNetworks, of_other_jobs_are_refused) {
  auto const params = params_of(price_job);
  auto const job = make_train_job(params);
  auto const refused = [&](Slots words) { return io::message_of(Exit::user, [&] { decode(params, words, 1); }); };
  auto const sums = sums_of(*job, 1);
  EXPECT_THAT(refused({sums.begin(), sums.end() - 1}), HasSubstr("the saved network is not one of this job's (its sizes do not fit); start over with --fresh"));
  for (std::size_t const at : {0, 1, 5}) {
    auto changed = sums;
    changed[at] = 1000;
    EXPECT_THAT(refused(changed), HasSubstr("not one of this job's")) << at;
  }
  auto longer = sums;
  longer.push_back(0);
  EXPECT_THAT(refused(longer), HasSubstr("not one of this job's"));
}

}  // namespace
}  // namespace muster::jobs::train
