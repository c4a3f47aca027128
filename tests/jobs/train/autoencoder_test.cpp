// Autoencoders of bars: what they are told, whole jobs, and principal components beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "io/bars_rules.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/components.hpp"
#include "jobs/train/windows.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view bars_job = R"(kind = "train"
model = "autoencoder"
seed = 11
[market]
bars = "synthetic:symbols=4,days=300,seed=9"
[encoder]
window = 6
latent = 3
depth = 2
width = 10
activation = "tanh"
[training]
epochs = 5
batch = 100
shards = 5
learning_rate = 0.01
average = 0.5
)";

Table const& find(std::vector<Table> const& tables, std::string_view name) { return *find_table(tables, name); }

io::Bars small_bars() { return io::open_bars("synthetic:symbols=4,days=300,seed=9"); }

/// Without a bar of a symbol.
void take_out(io::Bars& bars, std::size_t bar, std::size_t symbol) {
  auto const at = bars.at(bar, symbol);
  bars.status[at] = io::BarStatus::missing;
  bars.open[at] = bars.high[at] = bars.low[at] = bars.close[at] = std::nan("");
  bars.volume[at] = 0;
}

TEST(BarInputs, AreLogReturnsFromTheCloseBefore) {
  auto bars = small_bars();
  auto const before = bars.at(99, 2), now = bars.at(100, 2);
  bars.split[now] = 2;
  bars.dividend[now] = 0.5;
  auto const factor = io::forward_factor(bars);
  auto const inputs = bar_inputs_of(bars);
  double const* const values = inputs.values.data() + inputs.at(2, 100) * bar_inputs;
  double const last = bars.close[before] * factor[before];
  EXPECT_NEAR(values[0], std::log(bars.open[now] * factor[now] / last), 1e-14);
  EXPECT_NEAR(values[3], std::log(bars.close[now] * factor[now] / last), 1e-14);
  EXPECT_NEAR(values[4], std::log((1 + bars.volume[now] * bars.close[now]) / (1 + bars.volume[before] * bars.close[before])), 1e-14);
  EXPECT_LE(values[2], std::min(values[0], values[3]));
  EXPECT_GE(values[1], std::max(values[0], values[3]));
}

TEST(BarInputs, OfThePastDoNotChangeWithTheFuture) {
  auto const whole = small_bars();
  auto changed = whole;
  for (std::size_t bar = 200; bar < 300; ++bar)
    for (auto* column : {&changed.open, &changed.high, &changed.low, &changed.close}) (*column)[changed.at(bar, 1)] *= 3;
  changed.split[changed.at(210, 1)] = 4;
  auto const a = bar_inputs_of(whole), b = bar_inputs_of(changed);
  auto const first = a.at(1, 0) * bar_inputs, end = a.at(1, 200) * bar_inputs;
  EXPECT_TRUE(std::equal(a.values.begin() + static_cast<std::ptrdiff_t>(first), a.values.begin() + static_cast<std::ptrdiff_t>(end),
                         b.values.begin() + static_cast<std::ptrdiff_t>(first)));
  EXPECT_NE(a.values[end], b.values[end]);
  // Nor do the scales, which are those of the train span alone.
  EXPECT_EQ(scales_of(a, {0, 200})[3].half, scales_of(b, {0, 200})[3].half);
  EXPECT_NE(scales_of(a, {0, 201})[3].half, scales_of(b, {0, 201})[3].half);
}

TEST(BarInputs, AreScaledByMeanAndDeviation) {
  auto const inputs = bar_inputs_of(small_bars());
  auto const scales = scales_of(inputs, {0, 300});
  double sum = 0, square = 0, count = 0;
  for (std::size_t cell = 0; cell < inputs.runs.size(); ++cell) {
    if (inputs.runs[cell] == 0) continue;
    double const x = inputs.values[cell * bar_inputs + 3];
    sum += x, square += x * x, ++count;
  }
  double const mean = sum / count;
  EXPECT_NEAR(scales[3].middle, mean, 1e-15);
  EXPECT_NEAR(scales[3].half, std::sqrt(square / count - mean * mean), 1e-12);
  for (float const x : scaled(inputs, scales)) EXPECT_LE(std::abs(x), largest_input);
}

TEST(Windows, NeitherReachIntoOtherSpansNorHoldGaps) {
  auto bars = small_bars();
  take_out(bars, 50, 1);
  take_out(bars, 199, 3);
  auto params = params_of(bars_job);
  auto const counts = count_windows(params, bars);
  auto const windows = make_windows(params, bars);
  ASSERT_EQ(windows.data->places.size(), counts.total());
  std::array<std::uint64_t, 3> found{};
  for (auto const place : windows.data->places) {
    auto const symbol = place / 300, first = place % 300;
    // The close before the window is part of what it knows.
    auto const span = first - 1 < 180 ? 0 : first - 1 < 240 ? 1 : 2;
    auto const end = first + params.encoder.window;
    EXPECT_LE(end, windows.spans[static_cast<std::size_t>(span)].last);
    EXPECT_TRUE(first > 50 || end <= 50 || symbol != 1);
    EXPECT_TRUE(first > 200 || end <= 199 || symbol != 3) << first;
    ++found[static_cast<std::size_t>(span)];
  }
  EXPECT_EQ(found[0], counts.train);
  EXPECT_EQ(found[1], counts.validation);
  EXPECT_EQ(found[2], counts.test);
  std::uint64_t wanted = 0;
  for (std::size_t symbol = 0; symbol < 4; ++symbol)
    for (std::size_t first = 1; first + params.encoder.window <= 180; ++first) {
      bool is_whole = true;
      for (std::size_t bar = first - 1; bar < first + params.encoder.window; ++bar)
        is_whole = is_whole && bars.status[bars.at(bar, symbol)] == io::BarStatus::traded;
      wanted += is_whole ? 1 : 0;
    }
  EXPECT_EQ(counts.train, wanted);
  // A window is what its bars are, and its own target.
  auto const* const row = windows.data->row(5);
  EXPECT_EQ(row[4], windows.data->rows[windows.data->places[5] * bar_inputs + 4]);
  EXPECT_EQ(windows.data->targets_of(5), row);
}

std::string fault_in(std::string_view name, std::vector<std::string> overrides) {
  overrides.push_back(std::string(name));
  return io::message_of(Exit::user, [&] { params_of(bars_job, std::move(overrides)); });
}

TEST(AutoencoderFile, RefusesWhatCannotBe) {
  EXPECT_THAT(fault_in("spans.validation=0.5", {}), HasSubstr("spans.validation: with train 0.6 over 1 (they are shares of the bars)"));
  EXPECT_THAT(fault_in("training.slopes=1", {}), HasSubstr("training.slopes: given for an autoencoder (it learns no derivatives)"));
  EXPECT_THAT(fault_in("encoder.latent=30", {"encoder.width=40"}), HasSubstr("encoder.latent: 30 of windows of 30 numbers (it would learn to copy them)"));
  EXPECT_THAT(fault_in("encoder.width=2", {}), HasSubstr("encoder.width: 2 before 3 latent values (layers narrow to them)"));
  EXPECT_THAT(fault_in("data.samples=5", {}), HasSubstr("data: not read by autoencoder"));
  EXPECT_THAT(fault_in("market.bars=\"nowhere.h5\"", {}), HasSubstr("market.bars: "));
  EXPECT_THAT(fault_in("market.digest=\"00\"", {}), HasSubstr("the job was resolved with 00... (other bars would give another answer)"));
  EXPECT_THAT(fault_in("spans.validation=0.02", {}),
              HasSubstr("market.bars: spans: the validation span of bars 180 to 186 is shorter than a window of 6 bars and the close before it"));
  EXPECT_THAT(fault_in("training.batch=1", {"training.epochs=100000"}), HasSubstr("steps in all (at most 10000000)"));
  EXPECT_THAT(fault_in("encoder.width=8192", {"encoder.depth=16", "encoder.latent=29"}), HasSubstr("encoder.width: with 32 layers"));
}

TEST(AutoencoderFile, NamesTheSpanOfGaps) {
  auto bars = small_bars();
  for (std::size_t bar = 180; bar < 240; bar += 6)
    for (std::size_t symbol = 0; symbol < 4; ++symbol) take_out(bars, bar, symbol);
  EXPECT_THAT(io::message_of(Exit::user, [&] { count_windows(params_of(bars_job), bars); }),
              HasSubstr("spans: no symbol trades in 7 bars in a row within the validation span of bars 180 to 240 (a window has no gaps)"));
}

TEST(AutoencoderFile, ReadsNoBarsThatAreNoNumbers) {
  auto bars = small_bars();
  bars.close[bars.at(150, 1)] = std::nan("");
  EXPECT_THAT(io::find_fault(bars), HasSubstr("at bar 150 has no price"));
}

TEST(AutoencoderFile, ResolvesAutoByTier) {
  std::string const text = "kind = \"train\"\nmodel = \"autoencoder\"\n[market]\nbars = \"synthetic:symbols=4,days=300,seed=9\"\n";
  auto const of = [&](topology::Tier tier) { return parse_params(text, "t.toml", {.overrides = {}, .tier = tier}); };
  auto const low = of(topology::Tier::low), mid = of(topology::Tier::mid), high = of(topology::Tier::high);
  EXPECT_EQ((std::vector{low.encoder.latent, mid.encoder.latent, high.encoder.latent}), (std::vector<std::uint64_t>{8, 16, 32}));
  EXPECT_EQ((std::vector{low.encoder.depth, mid.encoder.depth, high.encoder.depth}), (std::vector<std::uint64_t>{3, 5, 8}));
  EXPECT_EQ((std::vector{low.training.batch, mid.training.batch, high.training.batch}), (std::vector<std::uint64_t>{16, 64, 256}));
  EXPECT_EQ(shape_of(mid).widths, (std::vector<std::uint32_t>{160, 128, 76, 45, 27, 16, 27, 45, 76, 128, 160}));
  EXPECT_EQ(shape_of(mid).linear_layer, 4u);
  // 592 windows: 37 steps an epoch of the low tier, 10 of the mid one.
  EXPECT_EQ((std::vector{low.training.epochs, mid.training.epochs}), (std::vector<std::uint64_t>{10, 50}));
  auto const many = parse_params(text, "t.toml", {.overrides = {"training.batch=1"}, .tier = topology::Tier::high});
  EXPECT_EQ(many.training.epochs, 20'000 / many.samples.train);
}

TEST(Autoencoder, HasOneAnswerForAnyNumberOfRanks) {
  auto const job = make_train_job(params_of(bars_job));
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 3, 4, 8}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST(Autoencoder, GoesOnFromASaveOnAnotherNumberOfRanks) {
  auto const params = params_of(bars_job);
  auto const whole = sums_of(*make_train_job(params), 1);
  orchestrator::MemoryPersistence persistence;
  std::atomic<bool> stop = true;
  auto outcome = run(*make_train_job(params), 2, persistence, &stop);
  for (int starts = 0; outcome.verdict == Exit::stopped && starts < 200; ++starts) {
    stop = starts < 12;
    outcome = run(*make_train_job(params), 1 + starts % 4, persistence, &stop);
  }
  EXPECT_EQ(outcome.verdict, Exit::done);
  EXPECT_EQ(outcome.sums, whole);
}

TEST(Autoencoder, CanonicalTextResolvesToItself) {
  auto const text = render_params(params_of(bars_job));
  EXPECT_EQ(render_params(params_of(text)), text);
  EXPECT_EQ(render_params(read_params(text)), text);
  EXPECT_THAT(text, HasSubstr("latent = 3"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("[contract]")));
}

std::vector<Table> tables_of(Params const& params) {
  auto const job = make_train_job(params);
  return job->results(sums_of(*job, 2), 0);
}

TEST(Autoencoder, Golden) {
  auto const tables = tables_of(params_of(bars_job));
  std::string bytes;
  for (auto const* name : {"parameters/value", "reconstruction/network", "reconstruction/components", "latents/deviation", "scaling/half"}) {
    std::string_view const both = name;
    auto const slash = both.find('/');
    auto const& values = column<double>(find(tables, both.substr(0, slash)), both.substr(slash + 1));
    bytes.append(reinterpret_cast<char const*>(values.data()), values.size() * sizeof(double));
  }
  // The same on every instruction set; a change raises arithmetic_version.
  EXPECT_EQ(sha256_hex(bytes), "281cfa1f9a486de05eb3d6e4adbda22a821e6de2e94be59c25bea2d79f193ae9");
}

TEST(Autoencoder, HasOneAnswerWithDropout) {
  auto const job = make_train_job(params_of(bars_job, {"training.dropout=0.1", "training.epochs=2"}));
  auto const alone = sums_of(*job, 1);
  EXPECT_NE(alone, sums_of(*make_train_job(params_of(bars_job, {"training.epochs=2"})), 1));
  for (int const ranks : {2, 3}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST(Autoencoder, HasOneAnswerOfSeveralNetworks) {
  auto const job = make_train_job(params_of(bars_job, {"encoder.repeats=3", "training.epochs=2"}));
  auto const alone = sums_of(*job, 1);
  for (int const ranks : {2, 3}) EXPECT_EQ(sums_of(*job, ranks), alone) << ranks << " ranks";
}

TEST(Autoencoder, KeepsTheBestOfSeveralNetworks) {
  auto const tables = tables_of(params_of(bars_job, {"encoder.repeats=3"}));
  auto const& runs = find(tables, "runs");
  auto const& validation = column<double>(runs, "validation");
  ASSERT_EQ(validation.size(), 3u);
  auto const best = static_cast<std::size_t>(std::ranges::min_element(validation) - validation.begin());
  auto const& spans = column<std::string>(find(tables, "reconstruction"), "span");
  for (std::size_t row = 5; row < spans.size(); row += 6)
    EXPECT_EQ(column<double>(find(tables, "reconstruction"), "network")[row], column<double>(runs, "missed_of_" + spans[row])[best]);
  EXPECT_NE(validation[0], validation[1]);
  // The first of several is the only one of one.
  EXPECT_EQ(find_table(tables_of(params_of(bars_job)), "runs"), nullptr);
  EXPECT_EQ(column<double>(find(tables_of(params_of(bars_job)), "validations"), "loss").size() * 3, column<double>(find(tables, "validations"), "loss").size());
}

TEST(Autoencoder, TellsTheSpreadOfSeveralNetworks) {
  auto const job = make_train_job(params_of(bars_job, {"encoder.repeats=3", "training.epochs=2"}));
  auto const text = job->summary(job->results(sums_of(*job, 1), 0));
  EXPECT_THAT(text, HasSubstr("of 3 networks the best by validation"));
  EXPECT_THAT(text, ::testing::ContainsRegex("of all networks [0-9.]+% of test is lost, spread [0-9.]+%"));
}

/// Of all inputs in a span.
double error_in(std::vector<Table> const& tables, std::string_view span, std::string_view by) {
  auto const& table = find(tables, "reconstruction");
  auto const& spans = column<std::string>(table, "span");
  auto const& inputs = column<std::string>(table, "input");
  for (std::size_t i = 0; i < spans.size(); ++i)
    if (spans[i] == span && inputs[i] == "all") return column<double>(table, by)[i];
  return -1;
}

TEST(Autoencoder, OfOneLinearLayerApproachesPrincipalComponents) {
  auto const tables = tables_of(params_of(bars_job, {"encoder.depth=1", "training.epochs=600", "training.average=0", "training.batch=300", "training.learning_rate=0.02", "training.validate_every=1000000"}));
  for (auto const* span : {"train", "validation", "test"}) EXPECT_LT(error_in(tables, span, "components"), error_in(tables, span, "spread"));
  // No linear map of as many numbers does better on what it learned, and little is missing.
  double const network = error_in(tables, "train", "network"), components = error_in(tables, "train", "components");
  EXPECT_GT(network, components * (1 - 1e-6));
  EXPECT_LT(network, components * 1.01);
}

TEST(Autoencoder, TellsWhatItLoses) {
  auto const params = params_of(bars_job);
  auto const job = make_train_job(params);
  auto const tables = job->results(sums_of(*job, 1), 0);
  auto const text = job->summary(tables);
  EXPECT_THAT(text, HasSubstr("of 100 windows; the network of step"));
  EXPECT_THAT(text, HasSubstr("share of it that is lost"));
  EXPECT_THAT(text, HasSubstr("validation"));
  EXPECT_EQ(column<std::string>(find(tables, "symbols"), "symbol").size(), 4u);
  EXPECT_EQ(column<double>(find(tables, "latents"), "mean").size(), 3u);
}

/// Rows as they are, without targets.
Dataset rows_of(std::vector<float> rows, std::uint32_t width) {
  Dataset data;
  data.inputs = data.outputs = width;
  data.rows = std::move(rows);
  return data;
}

TEST(Components, OfPointsWithAKnownAnswer) {
  // Around (1, 2), 5 along (0.6, 0.8) and 2.5 across.
  auto const data = rows_of({4, 6, -2, -2, -1, 3.5f, 3, 0.5f}, 2);
  auto const moments = moments_of(data, 0, 4);
  auto const components = components_of(moments);
  EXPECT_DOUBLE_EQ(components.means[0], 1);
  EXPECT_DOUBLE_EQ(components.means[1], 2);
  EXPECT_NEAR(components.variances[0], 12.5, 1e-12);
  EXPECT_NEAR(components.variances[1], 3.125, 1e-12);
  EXPECT_NEAR(std::abs(components.axes[0]), 0.6, 1e-12);
  EXPECT_NEAR(std::abs(components.axes[1]), 0.8, 1e-12);
  // What is left lies across.
  auto const left = left_over(components, 1, moments);
  EXPECT_NEAR(left[0], 3.125 * 0.64, 1e-12);
  EXPECT_NEAR(left[1], 3.125 * 0.36, 1e-12);
}

TEST(Components, LeaveWhatProjectionsOfEachRowLeave) {
  constexpr std::size_t width = 7, count = 50, kept = 3;
  std::mt19937 engine(5);
  std::normal_distribution<float> draw;
  std::vector<float> rows(2 * count * width);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = draw(engine) + (i % width > 0 ? 0.7f * rows[i - 1] : 0.0f);
  auto const data = rows_of(rows, width);
  auto const components = components_of(moments_of(data, 0, count));
  // Axes are orthonormal, and the variances are the trace.
  double trace = 0;
  for (double const x : spread_about(components, moments_of(data, 0, count))) trace += x;
  double sum = 0;
  for (double const x : components.variances) sum += x;
  EXPECT_NEAR(sum, trace, 1e-12 * trace);
  // Rows that the components were not made of.
  std::vector<double> left(width, 0.0);
  for (std::size_t row = count; row < 2 * count; ++row) {
    std::vector<double> rest(width);
    for (std::size_t i = 0; i < width; ++i) rest[i] = static_cast<double>(rows[row * width + i]) - components.means[i];
    for (std::size_t k = 0; k < kept; ++k) {
      double along = 0;
      for (std::size_t i = 0; i < width; ++i) along += rest[i] * components.axes[k * width + i];
      for (std::size_t i = 0; i < width; ++i) rest[i] -= along * components.axes[k * width + i];
    }
    for (std::size_t i = 0; i < width; ++i) left[i] += rest[i] * rest[i] / count;
  }
  auto const found = left_over(components, kept, moments_of(data, count, count));
  for (std::size_t i = 0; i < width; ++i) EXPECT_NEAR(found[i], left[i], 1e-12);
}

}  // namespace
}  // namespace muster::jobs::train
