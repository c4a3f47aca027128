// Sweeps: every combination is the run that a job of its own makes, and the best is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "jobs/rows.hpp"
#include "jobs/train/sweep.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> const four{"sweep.learning_rate=[0.002, 0.02]", "sweep.weight_decay=[0, 0.1]", "training.epochs=3"};

std::vector<Table> tables_of(std::vector<std::string> overrides, int ranks = 1) {
  auto const job = make_train_job(params_of(asian_job, std::move(overrides)));
  return job->results(sums_of(*job, ranks), 0);
}

std::vector<double> losses_of(std::vector<Table> const& tables) { return column<double>(*find_table(tables, "steps"), "loss"); }

TEST(Sweeps, HaveOneAnswerForAnyNumberOfRanks) {
  auto const job = make_train_job(params_of(asian_job, four));
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 5}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST(Sweeps, GoOnFromASave) {
  auto const job = make_train_job(params_of(asian_job, four));
  auto const whole = sums_of(*job, 1);
  orchestrator::MemoryPersistence persistence;
  std::atomic<bool> stop = true;
  auto outcome = run(*job, 2, persistence, &stop);
  for (int starts = 0; outcome.verdict == Exit::stopped && starts < 200; ++starts) {
    stop = starts < 30;
    outcome = run(*job, 1 + starts % 3, persistence, &stop);
  }
  EXPECT_EQ(outcome.sums, whole);
}

TEST(Sweeps, AreRunsOfJobsOfTheirOwn) {
  auto const swept = losses_of(tables_of(four));
  std::vector<double> alone;
  for (auto const* rate : {"0.002", "0.02"})
    for (auto const* decay : {"0", "0.1"}) {
      auto const own = losses_of(tables_of({std::string("training.learning_rate=") + rate, std::string("training.weight_decay=") + decay, "training.epochs=3"}));
      alone.insert(alone.end(), own.begin(), own.end());
    }
  EXPECT_EQ(swept, alone);
}

TEST(Sweeps, OfDropoutAreRunsOfJobsOfTheirOwn) {
  auto const swept = losses_of(tables_of({"sweep.dropout=[0, 0.3]", "network.repeats=2", "training.epochs=2"}));
  std::vector<double> alone;
  for (auto const* dropout : {"training.dropout=0", "training.dropout=0.3"}) {
    auto const own = losses_of(tables_of({dropout, "network.repeats=2", "training.epochs=2"}));
    alone.insert(alone.end(), own.begin(), own.end());
  }
  EXPECT_EQ(swept, alone);
}

TEST(Sweeps, KeepTheBest) {
  auto const tables = tables_of(four);
  auto const& sweep = *find_table(tables, "sweep");
  auto const& validation = column<double>(sweep, "validation");
  ASSERT_EQ(validation.size(), 4u);
  EXPECT_TRUE(std::ranges::is_sorted(validation));
  EXPECT_EQ(column<std::int64_t>(sweep, "is_kept"), (std::vector<std::int64_t>{1, 0, 0, 0}));
  auto const& runs = *find_table(tables, "runs");
  auto const best = static_cast<std::size_t>(column<std::int64_t>(sweep, "first_run")[0] - 1);
  EXPECT_EQ(column<double>(runs, "validation")[best], validation[0]);
  EXPECT_EQ(column<double>(runs, "learning_rate")[best], column<double>(sweep, "learning_rate")[0]);
  EXPECT_EQ(column<double>(runs, "price_rms")[best], column<double>(*find_table(tables, "accuracy"), "value")[0]);
}

TEST(Sweeps, RepeatEachCombination) {
  auto const job = make_train_job(params_of(asian_job, {"sweep.clip_norm=[0.1, 1]", "network.repeats=2", "training.epochs=2"}));
  auto const tables = job->results(sums_of(*job, 1), 0);
  auto const& clip = column<double>(*find_table(tables, "runs"), "clip_norm");
  EXPECT_EQ(clip, (std::vector<double>{0.1, 0.1, 1, 1}));
  // The figures' spread is that of the kept combination.
  auto const first = static_cast<std::size_t>(column<std::int64_t>(*find_table(tables, "sweep"), "first_run")[0] - 1);
  auto const& errors = column<double>(*find_table(tables, "runs"), "price_rms");
  bool const is_kept_first = column<std::int64_t>(*find_table(tables, "sweep"), "is_kept")[0] == 1;
  auto const kept = is_kept_first ? first : 2 - first;
  EXPECT_EQ(column<double>(*find_table(tables, "accuracy"), "mean")[0], (errors[kept] + errors[kept + 1]) / 2);
  EXPECT_THAT(job->summary(tables), HasSubstr("of the sweep, the best first:"));
  EXPECT_THAT(job->summary(tables), HasSubstr(", kept"));
}

TEST(Sweeps, OfNothingAreOneRun) {
  auto const params = params_of(asian_job);
  EXPECT_EQ(combination_count(params.sweep), 1u);
  EXPECT_EQ(find_table(tables_of({}), "sweep"), nullptr);
  auto const text = render_params(params_of(asian_job, four));
  EXPECT_EQ(render_params(params_of(text)), text);
}

TEST(Sweeps, RefuseWhatCannotBe) {
  auto const fault = [](std::vector<std::string> overrides) {
    return io::message_of(Exit::user, [&] { params_of(asian_job, std::move(overrides)); });
  };
  EXPECT_THAT(fault({"sweep.width=[32, 64]"}), HasSubstr("sweep.width: not swept (all networks of a job have one shape, one set of samples, one loss and the same "
                                                         "steps); run a job for each value"));
  EXPECT_THAT(fault({"sweep.slopes=[1, 2]"}), HasSubstr("sweep.slopes: not swept"));
  EXPECT_THAT(fault({"sweep.learning_rate=[0]"}), HasSubstr("sweep.learning_rate"));
  EXPECT_THAT(fault({"sweep.learning_rate=[0.01, 0.02]", "network.repeats=33"}), HasSubstr("sweep: 66 networks, repeats included (at most 64); give fewer values"));
  EXPECT_THAT(fault({"sweep.learning_rate=[0.01, 0.02]", "network.repeats=2", "network.baseline=\"prices\""}),
              HasSubstr("network.baseline: prices with a [sweep] (which of its networks it stands beside is not known before the end)"));
}

}  // namespace
}  // namespace muster::jobs::train
