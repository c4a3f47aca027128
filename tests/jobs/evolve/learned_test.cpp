// Features of an autoencoder beside the indicators: what they are, and which are refused.
#include "jobs/evolve/learned.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/ground.hpp"
#include "jobs/evolve/parse.hpp"
#include "jobs/evolve/rule_space.hpp"
#include "jobs/evolve/rule_text.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/features.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::evolve {
namespace {

using ::testing::HasSubstr;
namespace bt = kernels::backtest;

constexpr std::string_view market = "synthetic:symbols=5,days=400,seed=3";

constexpr std::string_view coder_job = R"(kind = "train"
model = "autoencoder"
seed = 4
[market]
bars = "synthetic:symbols=5,days=400,seed=3"
[encoder]
window = 4
latent = 3
depth = 2
width = 6
[training]
epochs = 2
batch = 100
shards = 2
)";

constexpr std::string_view rules_job = R"(kind = "evolve"
[market]
bars = "synthetic:symbols=5,days=400,seed=3"
[rules]
terms = 3
indicators = ["sma", "rsi"]
windows = [2, 5, 20]
features = "features.h5"
[fitness]
least_trades = 3
[search]
population = 48
islands = 4
generations = 4
tile_slots = 7
[honesty]
null_markets = 2
trials = 10
)";

io::Bars bars_of_job() { return io::open_bars(std::string(market)); }

/// Of a network that is trained once.
io::FeatureFile const& features() {
  static io::FeatureFile const file = [] {
    auto const params = train::params_of(coder_job);
    auto const job = train::make_train_job(params);
    auto made = train::features_of(params, job->results(train::sums_of(*job, 1), 0), std::string(64, 'a'), bars_of_job());
    made.source = "test";
    made.muster_version = "test";
    return made;
  }();
  return file;
}

/// A folder with a feature file, and jobs there.
class LearnedJobs : public ::testing::Test {
 protected:
  LearnedJobs() { io::write_features(scratch_ / "features.h5", features()); }
  Params params(std::vector<std::string> overrides = {}, Universe universe = Universe::own) {
    return parse_params(rules_job, scratch_ / "rules.toml", {.overrides = std::move(overrides)}, nullptr, universe);
  }
  Slots sums_of(Job const& job, int ranks) { return train::sums_of(job, ranks); }
  std::string refusal(io::FeatureFile const& file, std::vector<std::string> overrides = {}) {
    io::write_features(scratch_ / "features.h5", file);
    return io::message_of(Exit::user, [&] { params(std::move(overrides)); });
  }
  io::Scratch scratch_;
};

TEST_F(LearnedJobs, HaveOneAnswerForAnyNumberOfRanks) {
  auto const job = make_evolve_job(params(), scratch_.path());
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 3}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
  // And another one than without the features.
  auto const without = parse_params(rules_job, scratch_ / "rules.toml", {.overrides = {"rules.features=\"\""}});
  EXPECT_NE(sums_of(*make_evolve_job(without, scratch_.path()), 1), alone);
}

TEST_F(LearnedJobs, NameTheFileInCanonicalText) {
  auto const text = render_params(params());
  EXPECT_THAT(text, HasSubstr("features = \"features.h5\"\nfeatures_digest = \"" + io::features_digest(features())));
  EXPECT_EQ(render_params(parse_params(text, scratch_ / "again.toml")), text);
  auto const without = parse_params(rules_job, scratch_ / "rules.toml", {.overrides = {"rules.features=\"\""}});
  EXPECT_THAT(render_params(without), ::testing::Not(HasSubstr("features")));
}

TEST_F(LearnedJobs, TellChampionsThatReparse) {
  auto const resolved = params({"search.generations=2"});
  auto const job = make_evolve_job(resolved, scratch_.path());
  auto const tables = job->results(sums_of(*job, 2), 0);
  auto const windows = windows_of(resolved.rules);
  int learned = 0;
  for (auto const& text : column<std::string>(*find_table(tables, "hall_of_fame"), "strategy")) {
    auto const rule = parse_rule(text, windows, resolved.rules.learned);
    EXPECT_EQ(rule_text(rule, windows), text);
    EXPECT_EQ(rule_text(rule_of(resolved.rules, genome_of(resolved.rules, rule)), windows), text);
    learned += text.find("latent_") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(learned, 0);
  auto const message = io::message_of(Exit::user, [&] { parse_rule("+35% latent_4(5); long in 5% out 2%; size 20%", windows, 3); });
  EXPECT_THAT(message, HasSubstr("write an indicator; use \"latent_1\""));
  EXPECT_THAT(io::message_of(Exit::user, [&] { parse_rule("+35% latent_1(5); long in 5% out 2%; size 20%", windows); }), HasSubstr("write an indicator"));
}

/// All tables behind the indicators.
std::vector<std::int16_t> learned_cells(Field const& field) {
  auto const first = field.features.table_index(bt::indicator_count, 0) * field.features.table_size();
  return {field.features.cells.begin() + static_cast<std::ptrdiff_t>(first), field.features.cells.end()};
}

TEST_F(LearnedJobs, HaveMeansOfTheLastValues) {
  auto const bars = bars_of_job();
  auto const resolved = params();
  auto const field = make_field(resolved, bars, 2, open_learned(resolved.rules, scratch_.path()));
  auto const& file = features();
  int found = 0;
  for (std::size_t latent = 0; latent < 3; ++latent)
    for (std::uint32_t w = 0; w < 3; ++w) {
      auto const window = field->features.windows[w];
      auto const table = field->features.table(field->features.table_index(bt::indicator_count + static_cast<std::uint32_t>(latent), w));
      for (std::uint32_t bar = 30; bar < 400; bar += 37)
        for (std::uint32_t symbol = 0; symbol < 5; ++symbol) {
          double sum = 0;
          for (std::uint32_t i = 0; i < window; ++i) {
            double const x = (static_cast<double>(file.values[latent][(bar - i) * 5 + symbol]) - file.latents[latent].middle) / file.latents[latent].half;
            sum += x > 1 ? 1 : x < -1 ? -1 : x;
          }
          auto const cell = table[field->market.at(bar, symbol)];
          if (std::isnan(sum)) {
            EXPECT_EQ(cell, 0);
            continue;
          }
          EXPECT_NEAR(cell, sum / window * bt::feature_one, 1.01);
          ++found;
        }
    }
  EXPECT_GT(found, 200);
}

TEST_F(LearnedJobs, HaveTheSameTablesFromTheNetworkAsFromTheFile) {
  auto const bars = bars_of_job();
  auto const resolved = params();
  auto const own = make_field(resolved, bars, 1, open_learned(resolved.rules, scratch_.path()));
  auto elsewhere = features();
  elsewhere.bars_digest = std::string(64, '0');
  auto const made = make_field(resolved, bars, 1, std::make_shared<Learned>(elsewhere));
  EXPECT_EQ(learned_cells(*own), learned_cells(*made));
}

TEST_F(LearnedJobs, OfThePastDoNotChangeWithTheFuture) {
  auto const bars = bars_of_job();
  auto changed = bars;
  for (std::size_t symbol = 0; symbol < 5; ++symbol)
    for (auto* column : {&changed.open, &changed.high, &changed.low, &changed.close}) (*column)[changed.at(350, symbol)] *= 2;
  auto const a = columns_of(encode(encoder_of(features()), bar_inputs_of(bars)), 400, 5, 3);
  auto const b = columns_of(encode(encoder_of(features()), bar_inputs_of(changed)), 400, 5, 3);
  for (std::size_t latent = 0; latent < 3; ++latent) {
    for (std::size_t cell = 0; cell < 350 * 5; ++cell)
      if (!std::isnan(a[latent][cell])) {
        EXPECT_EQ(a[latent][cell], b[latent][cell]) << cell;
      }
    EXPECT_NE(a[latent][351 * 5], b[latent][351 * 5]);
  }
}

TEST_F(LearnedJobs, RefuseWhatANetworkHasSeen) {
  // Trained on the first 60 %, chosen by the next 20.
  EXPECT_THAT(refusal(features(), {"spans.train=0.5"}),
              HasSubstr("rules.features: the features' network was trained on bars from 2010-01-04 to "));
  EXPECT_THAT(refusal(features(), {"spans.train=0.5"}), HasSubstr("which meet the validation span from "));
  EXPECT_THAT(refusal(features(), {"spans.train=0.3", "spans.validation=0.1"}), HasSubstr("which meet the validation span"));
  EXPECT_THAT(refusal(features(), {"spans.train=0.6", "spans.validation=0.1"}), HasSubstr("was chosen by bars from "));
  auto late = features();
  late.training.learned = {late.times[330], late.times[399]};
  EXPECT_THAT(refusal(late), HasSubstr("which meet the test span"));
}

TEST_F(LearnedJobs, RefuseOtherUniverses) {
  EXPECT_THAT(refusal(features(), {"market.bars=\"synthetic:symbols=6,days=400,seed=3\""}),
              HasSubstr("rules.features: the features have no symbol SYN005 (they are of another universe than market.bars)"));
  EXPECT_THAT(refusal(features(), {"market.bars=\"synthetic:symbols=5,days=400,seed=4\""}),
              HasSubstr("rules.features: the features are of bars with the digest " + features().bars_digest.substr(0, 16)));
  EXPECT_THAT(refusal(features(), {"rules.features_digest=\"00\""}), HasSubstr("the job was resolved with 00... (other features would give"));
  EXPECT_THAT(refusal(features(), {"rules.features=\"nowhere.h5\""}), HasSubstr("rules.features: cannot read "));
}

TEST_F(LearnedJobs, RefuseGapsAndValuesThatComeTooLate) {
  auto gap = features();
  auto const there = std::ranges::find_if(gap.values[1], [](float x) { return !std::isnan(x); });
  *there = std::nanf("");
  EXPECT_THAT(refusal(gap), HasSubstr("rules.features: the features have a gap: none of SYN00"));
  EXPECT_THAT(refusal(gap), HasSubstr(", where 5 bars in a row are there"));
  auto late = features();
  late.available[100] += 5 * 86400;
  EXPECT_THAT(refusal(late), HasSubstr("are available after the next one has begun"));
}

TEST_F(LearnedJobs, RefuseMoreThanARuleCanName) {
  auto many = features();
  many.widths = {20, 250};
  many.parameters.assign(21 * 250, 0.5f);
  many.latents.assign(250, {0, 1});
  many.values.assign(250, many.values[0]);
  EXPECT_THAT(refusal(many), HasSubstr("has 250 features (a rule can name 241)"));
  auto strange = features();
  strange.activation = "gelu";
  EXPECT_THAT(refusal(strange), HasSubstr("a network of activation \"gelu\" and 5 inputs a bar (this muster has silu, tanh, relu"));
}

TEST_F(LearnedJobs, OnOtherBarsAskForSymbolsThatWereTrainedOn) {
  EXPECT_EQ(params({"market.bars=\"synthetic:symbols=5,days=300,seed=8\""}, Universe::another).rules.learned, 3u);
  EXPECT_THAT(io::message_of(Exit::user, [&] { params({"market.bars=\"synthetic:symbols=7,days=300,seed=8\""}, Universe::another); }),
              HasSubstr("the bars have the symbol SYN005, which the network was not trained on"));
}

TEST(Features, AreOfBarsOfTheSameInterval) {
  auto const params = train::params_of(coder_job);
  auto const job = train::make_train_job(params);
  auto const tables = job->results(train::sums_of(*job, 1), 0);
  auto bars = bars_of_job();
  bars.interval = io::BarInterval::hour;
  auto const of = [&](std::vector<Table> const& from) { return io::message_of(Exit::user, [&] { train::features_of(params, from, "", bars); }); };
  EXPECT_THAT(of(tables), HasSubstr("bars of an hour (the network was trained on those of a day"));
  EXPECT_THAT(of({}), HasSubstr("the result's tables are not those of its job (they were changed)"));
}

}  // namespace
}  // namespace muster::jobs::evolve
