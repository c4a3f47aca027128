// The orchestrator against thousands of simulated clusters: whatever happens, every tile counts
// once.
#include "tests/orchestrator/simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/orchestrator/mock_job.hpp"

namespace muster::test {
namespace {

/// Runs `seeds` clusters and returns the reports; stops at the first violation.
std::vector<SimulationReport> simulate_all(SimulationPlan const& plan, int seeds) {
  std::vector<SimulationReport> reports;
  for (int seed = 1; seed <= seeds; ++seed) {
    SimulationReport const report = simulate(plan, seed);
    EXPECT_EQ(report.violation, "") << "seed " << seed;
    EXPECT_EQ(report.verdict, Exit::done) << "seed " << seed;
    EXPECT_EQ(report.tiles, plan.stages[plan.done_stage]) << "seed " << seed;
    EXPECT_EQ(report.sum, direct_sums(report.tiles, 1)[0]) << "seed " << seed;
    EXPECT_LE(report.most_unacknowledged, 8) << "seed " << seed;
    if (::testing::Test::HasFailure()) break;
    reports.push_back(report);
  }
  return reports;
}

template <class Member>
std::uint64_t total(std::vector<SimulationReport> const& reports, Member member) {
  std::uint64_t sum = 0;
  for (auto const& report : reports) sum += report.counters.*member;
  return sum;
}

TEST(Simulation, calm_clusters_of_any_size) {
  for (int ranks = 1; ranks <= 9; ++ranks) {
    SimulationPlan plan;
    plan.ranks = ranks;
    auto const reports = simulate_all(plan, 50);
    EXPECT_EQ(total(reports, &orchestrator::Counters::leases_reissued), 0u);
    EXPECT_EQ(total(reports, &orchestrator::Counters::ranks_suspected), 0u);
  }
}

TEST(Simulation, late_reordered_doubled_messages) {
  SimulationPlan plan;
  plan.most_delay_s = 3;
  plan.double_chance = 0.3;
  auto const reports = simulate_all(plan, 800);
  // The doubled results were there, and refused.
  EXPECT_GT(total(reports, &orchestrator::Counters::results_refused), 1000u);
}

TEST(Simulation, ranks_are_lost) {
  SimulationPlan plan;
  plan.ranks = 6;
  plan.loss_chance = 0.6;
  plan.settings.hedging = orchestrator::Hedging::off;  // else nobody waits for their leases
  auto const reports = simulate_all(plan, 500);
  EXPECT_GT(total(reports, &orchestrator::Counters::ranks_suspected), 100u);
  EXPECT_GT(total(reports, &orchestrator::Counters::leases_reissued), 100u);
}

TEST(Simulation, ranks_pause_and_come_back) {
  SimulationPlan plan;
  plan.ranks = 5;
  plan.pause_chance = 0.7;
  plan.stages = {200, 1000, 3000};
  auto const reports = simulate_all(plan, 100);
  EXPECT_GT(total(reports, &orchestrator::Counters::ranks_suspected), 20u);
}

TEST(Simulation, leases_that_take_too_long_go_to_others) {
  SimulationPlan plan;
  plan.slow_chance = 0.5;
  plan.settings.least_deadline_s = 0.05;
  plan.settings.deadline_factor = 0.9;
  plan.settings.unmeasured_deadline_s = 2;
  plan.settings.attempts = 40;
  auto const reports = simulate_all(plan, 500);
  EXPECT_GT(total(reports, &orchestrator::Counters::leases_expired), 500u);
}

TEST(Simulation, tiles_fail_now_and_then) {
  SimulationPlan plan;
  plan.failure_chance = 0.1;
  plan.settings.attempts = 60;
  auto const reports = simulate_all(plan, 500);
  EXPECT_GT(total(reports, &orchestrator::Counters::retryable_failures), 1000u);
}

TEST(Simulation, killed_and_stopped_runs_resume) {
  SimulationPlan plan;
  plan.kill_chance = 0.01;
  plan.stop_chance = 0.003;
  int lives = 0;
  for (auto const& report : simulate_all(plan, 500)) lives += report.lives;
  EXPECT_GT(lives, 1000);
}

TEST(Simulation, everything_at_once) {
  SimulationPlan plan;
  plan.ranks = 6;
  plan.most_delay_s = 1;
  plan.double_chance = 0.1;
  plan.loss_chance = 0.3;
  plan.pause_chance = 0.3;
  plan.failure_chance = 0.03;
  plan.slow_chance = 0.2;
  plan.kill_chance = 0.002;
  plan.stop_chance = 0.001;
  plan.settings.attempts = 60;
  plan.settings.least_deadline_s = 2;
  plan.settings.unmeasured_deadline_s = 10;
  plan.settings.deadline_factor = 4;
  simulate_all(plan, 1000);
}

TEST(Simulation, ranks_share_by_speed_and_finish_together) {
  SimulationPlan plan;
  plan.ranks = 4;
  plan.stages = {4000};
  plan.done_stage = 0;
  plan.most_delay_s = 0.001;
  for (int seed = 1; seed <= 20; ++seed) {
    SimulationReport const report = simulate(plan, seed);
    ASSERT_EQ(report.violation, "");
    // No rank computes less than a tenth of the largest share: speeds differ by 15 at most.
    auto const [least, most] =
        std::minmax_element(report.tiles_of_rank.begin(), report.tiles_of_rank.end());
    EXPECT_GT(20 * *least, *most);
  }
}

TEST(Simulation, deaths_and_stops_that_a_machine_sees) {
  SimulationPlan plan;
  plan.ranks = 6;
  plan.loss_chance = 0.5;
  plan.pause_chance = 0.5;
  plan.watch_chance = 0.9;
  plan.double_chance = 0.2;
  auto const reports = simulate_all(plan, 300);
  EXPECT_GT(total(reports, &orchestrator::Counters::ranks_lost), 100u);
}

/// How long a rank's leases wait when it is lost and nobody has seen it die.
TEST(Simulation, a_rank_lost_alone_on_its_machine_holds_its_tiles_for_less_than_a_second) {
  for (int seed = 1; seed <= 60; ++seed) {
    SimulationPlan plan;
    plan.ranks = 4;
    plan.stages = {4000};
    plan.done_stage = 0;
    plan.most_delay_s = 0.01;
    plan.heartbeat_s = 0.25;
    plan.settings.quiet_after_ticks = 6;
    plan.misfortune = {Misfortune::Kind::lost, 3 + 0.05 * seed, 1};
    SimulationReport const report = simulate(plan, static_cast<std::uint64_t>(seed));
    ASSERT_EQ(report.violation, "") << "seed " << seed;
    EXPECT_EQ(report.counters.ranks_quiet, 1u) << "seed " << seed;
    EXPECT_GT(report.quiet_s, 0) << "seed " << seed;
    EXPECT_LT(report.quiet_s, 0.9) << "seed " << seed;
  }
}

TEST(Simulation, ranks_that_are_slow_to_speak_lose_nothing) {
  SimulationPlan plan;
  plan.ranks = 5;
  plan.most_delay_s = 1.5;
  plan.heartbeat_s = 0.25;
  plan.settings.quiet_after_ticks = 6;
  plan.pause_chance = 0.5;
  plan.loss_chance = 0.2;
  plan.double_chance = 0.1;
  auto const reports = simulate_all(plan, 300);
  EXPECT_GT(total(reports, &orchestrator::Counters::ranks_quiet), 300u);
  EXPECT_GT(total(reports, &orchestrator::Counters::leases_dropped), 50u);
}

/// Losses, silences, failures and ends of rank 0 while ranks compute stage after stage together.
TEST(Simulation, ranks_that_compute_together) {
  SimulationPlan plan;
  plan.meets = true;
  plan.ranks = 5;
  plan.stages.clear();
  for (std::uint64_t stage = 1; stage <= 60; ++stage) plan.stages.push_back(8 * stage);
  plan.done_stage = 55;
  plan.most_delay_s = 0.3;
  plan.double_chance = 0.1;
  plan.watch_chance = 0.7;
  plan.loss_chance = 0.3;
  plan.pause_chance = 0.4;
  plan.failure_chance = 0.02;
  plan.kill_chance = 0.0005;
  plan.stop_chance = 0.0002;
  plan.heartbeat_s = 0.25;
  plan.settings.attempts = 50;
  plan.settings.quiet_after_ticks = 6;
  auto const reports = simulate_all(plan, 3000);
  EXPECT_GT(total(reports, &orchestrator::Counters::stages_together), 30000u);
  EXPECT_GT(total(reports, &orchestrator::Counters::meetings), 5000u);
}

/// Everything at once. MUSTER_SIMULATED_FAULTS asks for more than the sample.
TEST(Simulation, a_storm) {
  char const* const asked = std::getenv("MUSTER_SIMULATED_FAULTS");
  std::uint64_t const wanted = asked == nullptr ? 1'000'000 : std::strtoull(asked, nullptr, 10);
  std::uint64_t faults = 0, events = 0;
  auto const start = std::chrono::steady_clock::now();
  for (std::uint64_t seed = 1; faults < wanted && !::testing::Test::HasFailure(); ++seed) {
    SimulationPlan plan;
    plan.ranks = 2 + static_cast<int>(seed % 15);
    plan.stages = {400, 800, 2000};
    plan.most_delay_s = seed % 3 == 0 ? 2 : 0.2;
    plan.double_chance = 0.3;
    plan.drop_chance = 0.02;
    plan.watch_chance = 0.7;
    plan.jump_chance = 0.0005;
    plan.loss_chance = 0.3;
    plan.pause_chance = 0.3;
    plan.failure_chance = 0.01;
    plan.slow_chance = 0.1;
    plan.kill_chance = 0.0005;
    plan.stop_chance = 0.0001;
    plan.settings.attempts = 50;
    plan.heartbeat_s = 0.25;
    plan.settings.quiet_after_ticks = seed % 2 == 0 ? 6 : 0;
    plan.check_every = 32;
    auto const report = simulate(plan, seed);
    ASSERT_EQ(report.violation, "") << "seed " << seed;
    ASSERT_EQ(report.verdict, Exit::done) << "seed " << seed;
    ASSERT_EQ(report.sum, direct_sums(report.tiles, 1)[0]) << "seed " << seed;
    faults += report.faults;
    events += report.events;
  }
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.3g faults, %.3g events, %.3g events a second\n", static_cast<double>(faults), static_cast<double>(events),
              static_cast<double>(events) / seconds);
}

}  // namespace
}  // namespace muster::test
