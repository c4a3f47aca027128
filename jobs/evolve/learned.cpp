#include "jobs/evolve/learned.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "jobs/bars.hpp"

namespace muster::jobs::evolve {
namespace {

namespace bt = kernels::backtest;

/// No feature: those that there are lie within feature_one either way.
constexpr std::int16_t none = INT16_MIN;

std::int16_t nearest(double x) { return static_cast<std::int16_t>(static_cast<std::int32_t>((x + 0x1.8p52) - 0x1.8p52)); }

std::int16_t to_feature(float value, io::LatentScale const& scale) {
  double const x = (static_cast<double>(value) - scale.middle) / scale.half;
  if (!(x == x)) return none;
  return nearest((x > 1 ? 1 : x < -1 ? -1 : x) * bt::feature_one);
}

/// Of a bar's symbols: values in a row, and the sum of the last `window` of them.
struct Trail {
  std::vector<std::uint32_t> runs;
  std::vector<std::int32_t> sums;
};

/// `values` [bar][symbols] into a table [bar][padded].
void fill_means(std::vector<std::int16_t> const& values, std::size_t symbols, std::uint32_t window, std::size_t padded,
                std::span<std::int16_t> table) {
  Trail trail{std::vector<std::uint32_t>(symbols, 0), std::vector<std::int32_t>(symbols, 0)};
  for (std::size_t bar = 0; bar * symbols < values.size(); ++bar)
    for (std::size_t symbol = 0; symbol < symbols; ++symbol) {
      auto const at = bar * symbols + symbol;
      auto& run = trail.runs[symbol];
      auto& sum = trail.sums[symbol];
      if (values[at] == none) {
        run = 0, sum = 0;
        continue;
      }
      sum += values[at];
      if (++run > window) sum -= values[at - std::size_t{window} * symbols];
      if (run >= window) table[bar * padded + symbol] = nearest(static_cast<double>(sum) / window);
    }
}

std::string span_text(io::BarInterval interval, std::int64_t from, std::int64_t to) {
  return fmt::format("{} to {}", bar_time(interval, from), bar_time(interval, to));
}

void require_universe(io::FeatureFile const& file, io::Bars const& bars) {
  for (auto const& symbol : bars.symbols)
    MUSTER_REQUIRE(std::ranges::find(file.symbols, symbol) != file.symbols.end(),
                   "the features have no symbol {} (they are of another universe than market.bars); make them of these bars with muster features",
                   symbol);
  auto const digest = io::bars_digest(bars);
  MUSTER_REQUIRE(file.bars_digest == digest,
                 "the features are of bars with the digest {:.16}..., market.bars has {:.16}... (their values would be of other prices or "
                 "times); make them of these bars with muster features", file.bars_digest, digest);
}

void require_unseen(io::FeatureFile const& file, io::Bars const& bars, bt::Span span, std::string_view name, io::SpanTimes seen,
                    std::string_view how) {
  if (span.first == span.last) return;
  auto const from = bars.times[span.first], to = bars.times[span.last - 1];
  MUSTER_REQUIRE(seen.to < from || seen.from > to,
                 "the features' network was {} bars from {}, which meet the {} span from {} (it has seen what rules are judged by there); "
                 "train it on earlier bars, or give other spans", how, span_text(file.interval, seen.from, seen.to), name,
                 span_text(bars.interval, from, to));
}

void require_in_time(io::FeatureFile const& file, io::Bars const& bars) {
  for (std::size_t bar = 0; bar + 1 < bars.size(); ++bar)
    MUSTER_REQUIRE(file.available[bar] <= bars.times[bar + 1],
                   "the features of bar {} are available after the next one has begun (a rule acts at its open); make them again with "
                   "muster features", bar_time(bars.interval, bars.times[bar]));
}

void require_whole(io::FeatureFile const& file, io::Bars const& bars) {
  auto const runs = runs_of(bars);
  for (std::size_t bar = 0; bar < bars.size(); ++bar)
    for (std::size_t symbol = 0; symbol < bars.symbols.size(); ++symbol) {
      if (runs[symbol * bars.size() + bar] < file.window) continue;
      for (auto const& column : file.values) {
        float const value = column[bars.at(bar, symbol)];
        MUSTER_REQUIRE(value == value,
                       "the features have a gap: none of {} at {}, where {} bars in a row are there (rules would take it for 0); make them "
                       "again with muster features", bars.symbols[symbol], bar_time(bars.interval, bars.times[bar]), file.window + 1);
      }
    }
}

}  // namespace

void Learned::fill(io::Bars const& bars, bt::Features& features, int threads) const {
  bool const is_own = file_.bars_digest == io::bars_digest(bars);
  std::vector<std::vector<float>> made;
  if (!is_own) made = columns_of(encode(encoder_, bar_inputs_of(bars), threads), bars.size(), bars.symbols.size(), count());
  auto const& columns = is_own ? file_.values : made;
  in_parallel(count(), threads, [&](std::size_t latent) {
    std::vector<std::int16_t> values;
    values.reserve(bars.cells());
    for (float const x : columns[latent]) values.push_back(to_feature(x, file_.latents[latent]));
    auto const kind = bt::indicator_count + static_cast<std::uint32_t>(latent);
    for (std::uint32_t w = 0; w < features.windows.size(); ++w)
      fill_means(values, bars.symbols.size(), features.windows[w], features.padded, features.table(features.table_index(kind, w)));
  });
}

std::shared_ptr<Learned const> open_learned(RuleSpace const& rules, std::filesystem::path const& folder) {
  if (rules.features.empty()) return nullptr;
  auto file = io::read_features(folder / rules.features);
  auto const digest = io::features_digest(file);
  MUSTER_REQUIRE(rules.features_digest.empty() || rules.features_digest == digest,
                 "rules.features {} has the digest {:.16}..., the job was resolved with {:.16}... (other features would give another "
                 "answer); bring back the file it was resolved with, or leave rules.features_digest out",
                 printable(rules.features), digest, rules.features_digest);
  constexpr std::size_t most = 255 - bt::indicator_count;
  MUSTER_REQUIRE(file.latents.size() <= most, "rules.features {} has {} features (a rule can name {}); train a network of fewer latent values",
                 printable(rules.features), file.latents.size(), most);
  return std::make_shared<Learned>(std::move(file));
}

void require_fit(io::FeatureFile const& file, io::Bars const& bars, Spans const& spans) {
  require_universe(file, bars);
  require_in_time(file, bars);
  for (auto const& fold : spans.folds)
    require_unseen(file, bars, fold.validation, "validation", file.training.learned, "trained on");
  require_unseen(file, bars, spans.test, "test", file.training.learned, "trained on");
  require_unseen(file, bars, spans.test, "test", file.training.chosen, "chosen by");
  require_whole(file, bars);
}

}  // namespace muster::jobs::evolve
