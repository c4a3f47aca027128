// How close a run comes to the ideal when ranks differ in speed and one of them falls behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/orchestrator/mock_job.hpp"
#include "tests/orchestrator/simulation.hpp"

namespace muster::test {
namespace {

using orchestrator::Hedging;
using Kind = Misfortune::Kind;

struct Shape {
  int ranks;
  double spread;
  int seeds;
};

constexpr Shape shapes[] = {{2, 1, 100}, {2, 10, 200}, {3, 10, 60},
                            {8, 1, 30},  {8, 10, 40},  {64, 10, 5}};

/// About `run_s` of work for the shape, in one stage.
SimulationPlan plan_of(Shape const& shape, double run_s) {
  SimulationPlan plan;
  plan.ranks = shape.ranks;
  plan.spread = shape.spread;
  plan.noise = 0.2;
  plan.most_delay_s = 0.02;
  // The mean of 1 / (1 + (spread - 1) u), and two consumers a rank.
  double const mean_rate = shape.spread == 1 ? 1 : std::log(shape.spread) / (shape.spread - 1);
  plan.stages = {static_cast<std::uint64_t>(run_s * 2 * shape.ranks * mean_rate / plan.fastest_s)};
  plan.done_stage = 0;
  plan.check_every = 1 + shape.ranks * shape.ranks / 16;
  return plan;
}

SimulationReport run(SimulationPlan const& plan, int seed) {
  SimulationReport const report = simulate(plan, seed);
  EXPECT_EQ(report.violation, "") << "seed " << seed;
  EXPECT_EQ(report.verdict, Exit::done) << "seed " << seed;
  EXPECT_EQ(report.sum, direct_sums(plan.stages[0], 1)[0]) << "seed " << seed;
  return report;
}

/// The largest ratio of a run's time to the ideal over the seeds of a shape. The misfortune comes
/// at any time of the run: multiples of the golden section, modulo 1.
double worst_ratio(Shape const& shape, Kind kind, double run_s = 30,
                   Hedging hedging = Hedging::on) {
  double worst = 0;
  for (int seed = 1; seed <= shape.seeds; ++seed) {
    SimulationPlan plan = plan_of(shape, run_s);
    plan.settings.hedging = hedging;
    plan.misfortune = {kind, run_s * std::fmod(0.6180339887 * seed, 1), 10};
    SimulationReport const report = run(plan, seed);
    worst = std::max(worst, report.over_s / report.ideal_s);
  }
  ::testing::Test::RecordProperty(
      fmt::format("worst_ratio_{}_ranks_1_to_{:.0f}", shape.ranks, shape.spread),
      fmt::format("{:.3f}", worst));
  return worst;
}

TEST(Balance, shares_follow_speed) {
  SimulationPlan const plan = plan_of({6, 10, 1}, 60);
  for (int seed = 1; seed <= 5; ++seed) {
    SimulationReport const report = run(plan, seed);
    double rate = 0;
    for (double of_rank : report.rate_of_rank) rate += of_rank;
    // Ranks start up to 2.3 s after the first.
    for (std::size_t rank = 0; rank < report.rate_of_rank.size(); ++rank)
      EXPECT_NEAR(static_cast<double>(report.tiles_of_rank[rank]) / report.rate_of_rank[rank] *
                      rate / static_cast<double>(report.tiles),
                  1, 0.1)
          << "seed " << seed << " rank " << rank;
  }
}

TEST(Balance, nobody_falls_behind) {
  for (Shape const& shape : shapes) EXPECT_LE(worst_ratio(shape, Kind::none), 1.10);
}

TEST(Balance, one_rank_becomes_ten_times_slower) {
  for (Shape const& shape : shapes) EXPECT_LE(worst_ratio(shape, Kind::slower), 1.10);
}

TEST(Balance, one_rank_stalls_and_gives_signs_of_life) {
  for (Shape const& shape : shapes) EXPECT_LE(worst_ratio(shape, Kind::stalled), 1.10);
}

TEST(Balance, one_rank_is_lost) {
  for (Shape const& shape : shapes) EXPECT_LE(worst_ratio(shape, Kind::lost), 1.10);
}

TEST(Balance, a_thousand_ranks) {
  for (Kind kind : {Kind::slower, Kind::stalled, Kind::lost})
    EXPECT_LE(worst_ratio({1000, 10, 2}, kind, 10), 1.10);
}

TEST(Balance, without_hedging_a_stalled_rank_holds_up_the_end) {
  EXPECT_GT(worst_ratio({3, 10, 4}, Kind::stalled, 30, Hedging::off), 1.5);
}

}  // namespace
}  // namespace muster::test
