// Whole evolve jobs in one process: one answer for any number of ranks, over stops, by verify and by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "core/error.hpp"
#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/parse.hpp"
#include "orchestrator/run.hpp"
#include "tests/io/scratch.hpp"
#include "topology/machine_text.hpp"

namespace muster::jobs::evolve {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view function_job = R"(kind = "evolve"
objective = "rosenbrock"
dimensions = 6
hall_of_fame = 4
[search]
algorithm = "genetic"
population = 96
islands = 3
generations = 25
tile_slots = 20
migration_every = 4
)";

constexpr std::string_view rules_job = R"(kind = "evolve"
objective = "rules"
hall_of_fame = 5
[market]
bars = "synthetic:symbols=5,days=400,seed=3"
[rules]
terms = 2
windows = [5, 20, 50]
[fitness]
least_trades = 3
[search]
population = 48
islands = 4
generations = 4
tile_slots = 7
migration_every = 2
[honesty]
null_markets = 3
trials = 10
)";

constexpr std::string_view crossover_job = R"(kind = "evolve"
objective = "crossover"
[market]
bars = "synthetic:symbols=2,days=400,seed=3"
[search]
population = 48
islands = 4
generations = 4
[honesty]
null_markets = 3
)";

Params params_of(std::string_view text, std::vector<std::string> overrides = {}) {
  return parse_params(text, "test.toml", {.overrides = std::move(overrides)});
}

orchestrator::RunOutcome run(Job const& job, int ranks, orchestrator::Persistence& persistence,
                             std::atomic<bool> const* stop = nullptr) {
  orchestrator::DriverOptions options;
  options.stop_requested = stop;
  options.leases.max_tiles_per_lease = 2;
  orchestrator::SilentProgress progress;
  return orchestrator::run_ranks_in_process(ranks, job, options, persistence, progress);
}

Slots sums_of(Job const& job, int ranks) {
  orchestrator::MemoryPersistence persistence;
  return run(job, ranks, persistence).sums;
}

class EvolveJobs : public ::testing::TestWithParam<std::string_view> {};

TEST_P(EvolveJobs, have_one_answer_for_any_number_of_ranks) {
  auto const job = make_evolve_job(params_of(GetParam()), "");
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 3, 4, 8}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST_P(EvolveJobs, end_in_tables_that_depend_on_nothing_else) {
  auto const job = make_evolve_job(params_of(GetParam()), "");
  auto const sums = sums_of(*job, 2);
  auto const tables = job->results(sums, job->stages().back());
  auto const again = make_evolve_job(params_of(render_params(params_of(GetParam()))), "")->results(sums, job->stages().back());
  ASSERT_EQ(tables.size(), again.size());
  EXPECT_THAT(job->summary(tables), HasSubstr("champion: "));
  EXPECT_EQ(job->summary(tables), job->summary(again));
}

TEST_P(EvolveJobs, canonical_text_resolves_to_itself) {
  auto const text = render_params(params_of(GetParam()));
  EXPECT_EQ(render_params(params_of(text)), text);
}

INSTANTIATE_TEST_SUITE_P(All, EvolveJobs, ::testing::Values(function_job, rules_job),
                         [](auto const& given) { return given.index == 0 ? "function" : "rules"; });

TEST(EvolveJob, goes_on_from_a_save_on_another_number_of_ranks) {
  auto const job = make_evolve_job(params_of(rules_job), "");
  auto const whole = sums_of(*job, 1);
  orchestrator::MemoryPersistence persistence;
  std::atomic<bool> stop = true;  // from the start: what was leased is finished, no more
  auto outcome = run(*job, 2, persistence, &stop);
  for (int starts = 0; outcome.verdict == Exit::stopped && starts < 200; ++starts) {
    stop = starts < 5;
    outcome = run(*job, 1 + starts % 4, persistence, &stop);
  }
  EXPECT_EQ(outcome.verdict, Exit::done);
  EXPECT_EQ(outcome.sums, whole);
}

TEST(EvolveJob, has_a_search_of_its_own_for_each_fold) {
  for (std::string const scheme : {"walk_forward", "cross_validation"}) {
    auto const job = make_evolve_job(
        params_of(rules_job, {"spans.scheme=\"" + scheme + "\"", "spans.folds=3", "rules.windows=[5, 10]",
                              "rules.indicators=[\"sma\", \"rsi\", \"zscore\"]", "rules.longest_hold=10", "fitness.least_trades=1"}),
        "");
    auto const alone = sums_of(*job, 1);
    EXPECT_EQ(sums_of(*job, 3), alone) << scheme;
    auto const tables = job->results(alone, 0);
    EXPECT_EQ(tables[0].columns.front().name, "fold");
    EXPECT_THAT(job->summary(tables), HasSubstr("champion: "));
  }
}

TEST(EvolveJob, ends_with_the_generation_in_which_its_time_is_over) {
  auto const text = render_params(params_of(rules_job, {"search.wall_s=1e-9"}));
  auto const job = make_evolve_job(params_of(text), "");
  auto const sums = sums_of(*job, 1);
  EXPECT_EQ(sums_of(*job, 3), sums);
  EXPECT_THAT(job->summary(job->results(sums, 0)), HasSubstr("the time of 1e-09 s was over after generation 0 of 4"));
  auto const long_enough = make_evolve_job(params_of(rules_job, {"search.wall_s=1e7"}), "");
  EXPECT_EQ(sums_of(*long_enough, 2), sums_of(*make_evolve_job(params_of(rules_job), ""), 1));
}

/// As if the clock had struck after generation 2.
Slots cut_in_time(Job const& job) {
  auto const& steps = *job.steps();
  auto carry = steps.first(1);
  std::uint64_t first = 0;
  auto const runner = job.make_runner({});
  for (auto const end : job.stages()) {
    Slots sums(job.slots());
    std::vector<TileDigest> digests(end - first);
    auto const window = job.window({first, end - first});
    runner->enter(carry);
    runner->run({first, end - first}, std::span(sums).subspan(window.first, window.count), digests);
    carry = steps.next(carry, sums, 1);
    if (end == job.stages()[2]) carry = steps.shorten(carry);
    first = end;
  }
  return steps.encode(*carry);
}

TEST(EvolveJob, obeys_the_clock_of_the_run_that_it_repeats) {
  for (auto const text : {function_job, rules_job}) {
    auto const timed = params_of(text, {"search.wall_s=1e-9"});
    auto const sums = cut_in_time(*make_evolve_job(timed, ""));
    auto const again = make_evolve_job(timed, "");
    again->obey(sums);
    for (int const ranks : {1, 3}) EXPECT_EQ(sums_of(*again, ranks), sums) << ranks << " ranks";
    EXPECT_THAT(again->summary(again->results(sums, 0)), HasSubstr("was over after generation 2 of "));
  }
}

TEST(EvolveJob, tells_how_far_it_has_come) {
  auto const job = make_evolve_job(params_of(rules_job), "");
  auto const& steps = *job->steps();
  auto const first = steps.first(1);
  EXPECT_EQ(steps.tell(*first), "generation 0 of 4");
  auto const last = steps.tell(*steps.decode(sums_of(*job, 1), 1));
  EXPECT_THAT(last, HasSubstr("search over, best "));
  EXPECT_THAT(last, HasSubstr(", diversity "));
  Slots const same(job->slots(), kernels::fitness_of(1.5));
  EXPECT_THAT(steps.tell(*steps.next(first, same, 1)), HasSubstr("generation 1 of 4, best 1.5, median 1.5, diversity "));
}

TEST(EvolveJob, counts_its_work_stage_by_stage) {
  auto const job = make_evolve_job(params_of(rules_job), "");
  double units = 0;
  std::uint64_t first = 0;
  for (auto const end : job->stages()) {
    units += job->units({first, end - first});
    first = end;
  }
  double const evaluations = 48 * 5 * (1 + 3), bars = 5 * 240;
  EXPECT_DOUBLE_EQ(units, evaluations * bars);
  EXPECT_DOUBLE_EQ(job->work_unit().units_per_tile * static_cast<double>(first), units);
  EXPECT_DOUBLE_EQ(job->work_unit().units_per_item, bars);
}

TEST(EvolveJob, breeds_better_individuals) {
  auto const job = make_evolve_job(params_of(function_job, {"search.generations=200"}), "");
  auto const tables = job->results(sums_of(*job, 2), 0);
  auto const& best = std::get<std::vector<double>>(tables[1].columns[1].values);
  EXPECT_TRUE(std::ranges::is_sorted(best));
  EXPECT_GT(best.back(), best.front() / 100);
}

TEST(EvolveJob, tells_what_it_needs_of_a_card) {
  auto const card = topology::machines_in_words("1x H200").nodes.front().machine.gpus.front();
  auto const need = [&](std::string_view text, std::uint64_t budget_bytes) {
    return make_evolve_job(params_of(text), "")->device_need(card, budget_bytes);
  };
  EXPECT_EQ(need(function_job, UINT64_MAX), std::nullopt) << "test functions are the CPU's";
  for (auto const text : {rules_job, crossover_job}) {
    auto const all = need(text, UINT64_MAX).value();
    EXPECT_TRUE(all.fits);
    EXPECT_GT(all.pool_bytes, 0U);
    EXPECT_FALSE(need(text, all.context_bytes).value().fits);
  }
}

TEST(EvolveJob, has_a_form_for_a_card_where_it_trades) {
  EXPECT_FALSE(make_evolve_job(params_of(function_job), "")->cost().has_gpu_form);
  EXPECT_TRUE(make_evolve_job(params_of(rules_job), "")->cost().has_gpu_form);
  EXPECT_TRUE(make_evolve_job(params_of(crossover_job), "")->cost().has_gpu_form);
}

std::string faults_in(std::string_view text, std::vector<std::string> overrides = {}) {
  return io::message_of(Exit::user, [&] { params_of(text, std::move(overrides)); });
}

TEST(EvolveJobFile, refuses_what_cannot_be) {
  EXPECT_THAT(faults_in(function_job, {"search.population=97"}), HasSubstr("97 individuals on 3 islands (each has as many)"));
  EXPECT_THAT(faults_in(function_job, {"search.topology=\"custom\""}), HasSubstr("search.edges: missing (topology is custom)"));
  EXPECT_THAT(faults_in(function_job, {"search.edges=[0, 1, 2]"}), HasSubstr("given for a topology of its own"));
  EXPECT_THAT(faults_in(function_job, {"objective=\"rules\""}), HasSubstr("dimensions"));
  EXPECT_THAT(faults_in(function_job, {"search.wall_s=5", "search.generations=10001"}),
              HasSubstr("generations: 10001 with a wall_s (those that are left when the time is over are still counted off); give at most "
                        "10000"));
  EXPECT_THAT(faults_in(rules_job, {"rules.windows=[20, 5]"}), HasSubstr("not ascending whole numbers"));
  EXPECT_THAT(faults_in(rules_job, {"spans.train=0.9"}), HasSubstr("with train 0.9 over 1"));
  EXPECT_THAT(faults_in(rules_job, {"market.bars=\"nowhere.h5\""}), HasSubstr("nowhere.h5"));
  EXPECT_THAT(faults_in(rules_job, {"market.digest=\"ab\""}), HasSubstr("other bars would give another answer"));
}

}  // namespace
}  // namespace muster::jobs::evolve
