// Whole train jobs in one process: one answer for any number of ranks, over stops and from saves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/contracts.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

using ::testing::HasSubstr;

Table const& find(std::vector<Table> const& tables, std::string_view name) { return *find_table(tables, name); }

class TrainJobs : public ::testing::TestWithParam<std::string_view> {};

TEST_P(TrainJobs, have_one_answer_for_any_number_of_ranks) {
  auto const job = make_train_job(params_of(GetParam()));
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 3, 4, 8}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST_P(TrainJobs, go_on_from_a_save_on_another_number_of_ranks) {
  auto const job = make_train_job(params_of(GetParam()));
  auto const whole = sums_of(*job, 1);
  orchestrator::MemoryPersistence persistence;
  std::atomic<bool> stop = true;  // from the start: what was leased is finished, no more
  auto outcome = run(*job, 2, persistence, &stop);
  for (int starts = 0; outcome.verdict == Exit::stopped && starts < 200; ++starts) {
    stop = starts < 12;
    outcome = run(*job, 1 + starts % 4, persistence, &stop);
  }
  EXPECT_EQ(outcome.verdict, Exit::done);
  EXPECT_EQ(outcome.sums, whole);
}

TEST_P(TrainJobs, end_in_tables_that_depend_on_nothing_else) {
  auto const job = make_train_job(params_of(GetParam()));
  auto const sums = sums_of(*job, 2);
  auto const tables = job->results(sums, 0);
  auto const again = make_train_job(params_of(render_params(params_of(GetParam()))))->results(sums, 0);
  EXPECT_EQ(job->summary(tables), job->summary(again));
  EXPECT_THAT(job->summary(tables), HasSubstr("contracts it has not seen"));
  auto const parameters = kernels::nets::parameter_count(shape_of(params_of(GetParam())));
  EXPECT_EQ(column<double>(find(tables, "parameters"), "value").size(), parameters);
}

TEST_P(TrainJobs, canonical_text_resolves_to_itself) {
  auto const text = render_params(params_of(GetParam()));
  EXPECT_EQ(render_params(params_of(text)), text);
}

TEST_P(TrainJobs, learn) {
  // Nine inputs at the same rate take longer.
  auto const job = make_train_job(params_of(GetParam(), {GetParam() == heston_job ? "training.epochs=120" : "training.epochs=40"}));
  auto const tables = job->results(sums_of(*job, 2), 0);
  auto const& loss = column<double>(find(tables, "validations"), "loss");
  EXPECT_LT(*std::ranges::min_element(loss), 0.25 * loss.front());
}

std::string_view golden_of(std::string_view text) {
  if (text == asian_job) return "c9fbc6471aaff9ecae03e61dd6268a7ba7703535c652545e8d4e00f52b27ca19";
  if (text == price_job) return "41f3b7e68634518af2935489f5cf87dc46b64b49ebb36f180e1dc77971c49dde";
  return "75d40b89b493cb4994d086794949c07b48ffa704d7f7d0a6bdf2e0136fdeeee3";
}

std::string name_of(std::string_view text) {
  if (text == asian_job) return "asian";
  return text == price_job ? "price" : "heston";
}

TEST_P(TrainJobs, Golden) {
  auto const job = make_train_job(params_of(GetParam()));
  auto const tables = job->results(sums_of(*job, 2), 0);
  std::string bytes;
  for (auto const& values : {column<double>(find(tables, "parameters"), "value"), column<double>(find(tables, "steps"), "loss"),
                             column<double>(find(tables, "steps"), "gradient_norm"), column<double>(find(tables, "accuracy"), "value")})
    bytes.append(reinterpret_cast<char const*>(values.data()), values.size() * sizeof(double));
  // The same on every instruction set; a change raises arithmetic_version.
  EXPECT_EQ(sha256_hex(bytes), golden_of(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, TrainJobs, ::testing::Values(asian_job, price_job, heston_job),
                         [](auto const& given) { return name_of(given.param); });

TEST(TrainJob, keeps_the_best_network_and_stops_when_none_is_better) {
  auto const job = make_train_job(params_of(price_job, {"training.epochs=5000", "training.patience=2", "training.learning_rate=0.3",
                                                        "training.schedule=\"constant\"", "training.validate_every=1"}));
  auto const tables = job->results(sums_of(*job, 2), 0);
  auto const& loss = column<double>(find(tables, "validations"), "loss");
  auto const best = static_cast<std::size_t>(std::ranges::min_element(loss) - loss.begin());
  EXPECT_EQ(column<std::int64_t>(find(tables, "validations"), "is_best")[best], 1);
  EXPECT_EQ(loss.size(), best + 3);
  EXPECT_LT(loss.size(), 5000u);
}

TEST(TrainJob, stops_with_the_name_of_a_step_that_diverges) {
  auto const job = make_train_job(params_of(price_job, {"training.learning_rate=10", "training.epochs=200", "training.warmup=0"}));
  orchestrator::MemoryPersistence persistence;
  try {
    run(*job, 2, persistence);
    FAIL() << "no error";
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::job_failed);
    EXPECT_THAT(error.what(), HasSubstr("is not finite (the loss grew beyond all bounds); lower training.learning_rate"));
    EXPECT_THAT(error.what(), ::testing::ContainsRegex("step [0-9]+: the gradient of the (weights|biases) of layer [12]"));
  }
}

TEST(TrainJob, names_the_sample_whose_paths_leave_the_range) {
  auto const job = make_train_job(params_of(price_job, {"contract.spot=[100, 100]", "contract.dividend=[-0.5, -0.5]", "contract.volatility=[0.1, 0.1]",
                                                        "contract.expiry_years=[50, 50]"}));
  orchestrator::MemoryPersistence persistence;
  try {
    run(*job, 1, persistence);
    FAIL() << "no error";
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::job_failed);
    EXPECT_THAT(error.what(), HasSubstr("sample 0 (spot 100, expiry 50, volatility 0.1): 1000 of its paths leave the range"));
  }
}

std::vector<std::string> const dropping{"training.dropout=0.2"};

TEST(Dropout, HasOneAnswerForAnyNumberOfRanksAndOverSaves) {
  for (auto const text : {asian_job, price_job}) {
    auto const job = make_train_job(params_of(text, dropping));
    auto const alone = sums_of(*job, 1);
    EXPECT_NE(alone, sums_of(*make_train_job(params_of(text)), 1));
    for (int const ranks : {2, 3, 8}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
    orchestrator::MemoryPersistence persistence;
    std::atomic<bool> stop = true;
    auto outcome = run(*job, 2, persistence, &stop);
    for (int starts = 0; outcome.verdict == Exit::stopped && starts < 200; ++starts) {
      stop = starts < 12;
      outcome = run(*job, 1 + starts % 4, persistence, &stop);
    }
    EXPECT_EQ(outcome.sums, alone);
  }
}

/// What a step leaves out goes by the sample, not by its shard.
TEST(Dropout, IsTheSameForAnyShards) {
  auto const loss_of = [](char const* shards) {
    auto const job = make_train_job(params_of(asian_job, {"training.dropout=0.2", shards, "training.epochs=1", "training.batch=300"}));
    return column<double>(find(job->results(sums_of(*job, 1), 0), "steps"), "loss").front();
  };
  auto const whole = loss_of("training.shards=1");
  for (auto const* shards : {"training.shards=3", "training.shards=5"}) EXPECT_NEAR(loss_of(shards), whole, 1e-12 * whole);
}

TEST(Dropout, OfAStepIsItsOwn) {
  // A network that hardly learns, whose batch is all samples: what its steps lose differs by what they leave out.
  auto const losses = [](char const* dropout) {
    auto const job = make_train_job(params_of(asian_job, {dropout, "training.batch=300", "training.learning_rate=1e-9"}));
    return column<double>(find(job->results(sums_of(*job, 1), 0), "steps"), "loss");
  };
  auto const all = losses("training.dropout=0"), some = losses("training.dropout=0.2");
  EXPECT_NEAR(all[0], all[1], 1e-5 * all[0]);
  EXPECT_GT(std::abs(some[0] - some[1]), 1e-4 * some[0]);
  EXPECT_GT(std::abs(some[0] - all[0]), 1e-3 * all[0]);
}

TEST(Dropout, OfNothingIsTheNetworkWithoutIt) {
  EXPECT_EQ(sums_of(*make_train_job(params_of(price_job, {"training.dropout=0"})), 1), sums_of(*make_train_job(params_of(price_job)), 1));
}

TEST(Dropout, LeavesOutThatOfRepeatsAnew) {
  auto const job = make_train_job(params_of(price_job, {"training.dropout=0.3", "network.repeats=2"}));
  auto const alone = sums_of(*job, 1);
  EXPECT_EQ(sums_of(*job, 3), alone);
  auto const text = render_params(params_of(price_job, dropping));
  EXPECT_EQ(render_params(params_of(text)), text);
  EXPECT_THAT(text, HasSubstr("dropout = 0.2"));
}

std::string faults_in(std::string_view text, std::vector<std::string> overrides = {}) {
  return io::message_of(Exit::user, [&] { params_of(text, std::move(overrides)); });
}

TEST(TrainJobFile, refuses_what_cannot_be) {
  EXPECT_THAT(faults_in(asian_job, {"contract.spot=[1.5, 0.5]"}), HasSubstr("contract.spot: not a range (from, to, in this order)"));
  EXPECT_THAT(faults_in(asian_job, {"contract.rate=[0.1]"}), HasSubstr("contract.rate: not a range"));
  EXPECT_THAT(faults_in(asian_job, {"data.paths=501"}), HasSubstr("an odd number (they come in antithetic pairs)"));
  EXPECT_THAT(faults_in(asian_job, {"network.activation=\"relu\""}), HasSubstr("its second derivative is 0"));
  EXPECT_THAT(faults_in(asian_job, {"network.width=8192", "network.layers=64"}), HasSubstr("at most 100000000 are held"));
  EXPECT_THAT(faults_in(asian_job, {"training.batch=1", "training.epochs=100000"}), HasSubstr("30000000 steps in all (at most 10000000)"));
  EXPECT_THAT(faults_in(asian_job, {"data.samples=50000000", "data.validation=10000000"}), HasSubstr("data.samples: with validation and test over 20000000"));
  EXPECT_THAT(faults_in(asian_job, {"training.shards=65"}), HasSubstr("training.shards"));
  EXPECT_THAT(faults_in(asian_job, {"training.dropout=1"}), HasSubstr("training.dropout"));
  EXPECT_THAT(faults_in(asian_job, {"network.widht=3"}), HasSubstr("width"));
  EXPECT_THAT(faults_in(asian_job, {"contract.model=\"heston\""}), HasSubstr("asian_call with contract.model = \"heston\" (its labels are those of European calls)"));
  EXPECT_THAT(faults_in(heston_job, {"contract.correlation=[0.5, -0.5]"}), HasSubstr("contract.correlation: not a range"));
  EXPECT_THAT(faults_in(heston_job, {"contract.variance_volatility=[0, 1]"}), HasSubstr("contract.variance_volatility"));
  EXPECT_THAT(faults_in(heston_job, {"contract.volatility=[0.1, 0.2]"}), HasSubstr("contract.volatility: not read by heston"));
  EXPECT_THAT(faults_in(price_job, {"contract.steps=10"}), HasSubstr("contract.steps: not read by european_call"));
}

TEST(TrainJob, prices_no_heston_contract_that_cannot_be) {
  auto const choice = params_of(heston_job).contract;
  auto const message = [&](std::vector<double> const& values) { return io::message_of(Exit::user, [&] { contract_of(choice, values); }); };
  EXPECT_THAT(message({0, 1, 0, 0, .1, 1, .1, .5, 0}), HasSubstr("spot 0, expiry 1 (each must be above 0); correct them"));
  EXPECT_THAT(message({1, 1, 0, 0, .1, 1, -.1, .5, 0}), HasSubstr("long_run_variance -0.1, variance_volatility 0.5 (each must be above 0)"));
  EXPECT_THAT(message({1, 1, 0, 0, .1, 1, .1, .5, 1}), HasSubstr("correlation 1 (must be between -1 and 1); correct it"));
}

TEST(TrainJobFile, resolves_auto_by_tier) {
  std::string const text = "kind = \"train\"\n[data]\npaths = 200\n";
  auto const of = [&](topology::Tier tier) { return parse_params(text, "t.toml", {.overrides = {}, .tier = tier}); };
  auto const low = of(topology::Tier::low), mid = of(topology::Tier::mid), high = of(topology::Tier::high);
  EXPECT_EQ((std::vector{low.data.samples, mid.data.samples, high.data.samples}), (std::vector<std::uint64_t>{1000, 10'000, 100'000}));
  EXPECT_EQ((std::vector{low.training.epochs, mid.training.epochs, high.training.epochs}), (std::vector<std::uint64_t>{10, 50, 200}));
  // Some 100 thousand, a million and ten million parameters.
  EXPECT_NEAR(static_cast<double>(kernels::nets::parameter_count(shape_of(low))), 1e5, 3e4);
  EXPECT_NEAR(static_cast<double>(kernels::nets::parameter_count(shape_of(mid))), 1e6, 1e5);
  EXPECT_NEAR(static_cast<double>(kernels::nets::parameter_count(shape_of(high))), 1e7, 1.2e6);
}

}  // namespace
}  // namespace muster::jobs::train
