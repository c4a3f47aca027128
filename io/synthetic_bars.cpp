#include "io/synthetic_bars.hpp"

#include <fmt/core.h>

#include <array>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/trading_calendar.hpp"
#include "io/synthetic_symbol.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::io {
namespace {

constexpr std::string_view synthetic_prefix = "synthetic:";
constexpr std::uint64_t most_made_symbols = 2000, most_made_days = 25'000,
                        most_made_bars = 20'000'000;
constexpr std::uint32_t market_stream = 0;

struct Regime {
  double drift, volatility;  ///< of the market, a day
  double leave;              ///< chance a day
};
constexpr std::array<Regime, 3> regimes = {{
    {0.0007, 0.009, 1.0 / 250},   // bull
    {0.0003, 0.005, 1.0 / 200},   // calm
    {-0.0012, 0.020, 1.0 / 100},  // bear
}};

/// The market's own path, which all symbols follow more or less.
class Weather {
 public:
  explicit Weather(std::uint64_t seed) : seed_(seed) {}

  SyntheticDay step(std::uint64_t day) {
    auto const words = kernels::exact_words(seed_, day, 1, market_stream);
    // To one of the other two: the one after this, or the one after that.
    if (uniform_of(words[0]) < regimes[now_].leave) now_ = (now_ + 1 + words[1] % 2) % 3;
    auto const z = kernels::exact_normals(seed_, day, 0, market_stream);
    Regime const& law = regimes[now_];
    return {0.3 * law.drift + 0.5477225575051661 * law.volatility * z[0],
            0.7 * law.drift + 0.8366600265340756 * law.volatility * z[1], law.volatility};
  }

 private:
  std::uint64_t seed_;
  std::size_t now_ = 1;
};

/// Days on which a symbol is there: the second comes late and the third leaves early.
struct Life {
  std::uint64_t first, end;
};

Life life_of(SyntheticMarket const& market, std::uint64_t symbol) {
  bool const is_long = market.symbols >= 3 && market.days >= 60;
  if (is_long && symbol == 1) return {market.days / 4, market.days};
  if (is_long && symbol == 2) return {0, market.days - market.days / 4};
  return {0, market.days};
}

std::vector<std::int64_t> sessions(std::uint64_t days) {
  std::vector<std::int64_t> times;
  std::chrono::sys_days day{std::chrono::year{2010} / 1 / 4};
  for (; times.size() < days; day += std::chrono::days{1})
    if (is_trading_day(day)) times.push_back(day.time_since_epoch().count() * 86400);
  return times;
}

Bars empty_bars(SyntheticMarket const& market) {
  Bars bars;
  bars.source =
      fmt::format("synthetic market, symbols={},days={},seed={}: no price was ever traded",
                  market.symbols, market.days, market.seed);
  for (std::uint64_t s = 0; s < market.symbols; ++s)
    bars.symbols.push_back(fmt::format("SYN{:03}", s));
  bars.times = sessions(market.days);
  double const nan = std::numeric_limits<double>::quiet_NaN();
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close})
    column->assign(bars.cells(), nan);
  bars.volume.assign(bars.cells(), 0);
  bars.split.assign(bars.cells(), 1);
  bars.dividend.assign(bars.cells(), 0);
  bars.status.assign(bars.cells(), BarStatus::not_listed);
  return bars;
}

void put(Bars& bars, std::size_t i, SyntheticBar const& bar) {
  bars.split[i] = bar.split;
  bars.dividend[i] = bar.dividend;
  bars.status[i] = bar.is_halted ? BarStatus::missing : BarStatus::traded;
  if (bar.is_halted) return;
  bars.open[i] = bar.open;
  bars.high[i] = bar.high;
  bars.low[i] = bar.low;
  bars.close[i] = bar.close;
  bars.volume[i] = bar.volume;
}

std::uint64_t parse_part(std::string_view key, std::string_view value, std::uint64_t least,
                         std::uint64_t most) {
  auto const count = parse_count(value);
  MUSTER_REQUIRE(count && *count >= least && *count <= most,
                 "synthetic market: {} = '{}' (a whole number from {} to {}); write "
                 "symbols=20,days=2520,seed=7",
                 key, printable(value), least, most);
  return *count;
}

void take_part(SyntheticMarket& market, std::string_view part) {
  auto const equals = std::min(part.find('='), part.size());
  std::string_view const key = trimmed(part.substr(0, equals));
  std::string_view const value = trimmed(part.substr(std::min(equals + 1, part.size())));
  if (key == "symbols") {
    market.symbols = parse_part(key, value, 1, most_made_symbols);
  } else if (key == "days") {
    market.days = parse_part(key, value, 2, most_made_days);
  } else if (key == "seed") {
    market.seed = parse_part(key, value, 0, std::numeric_limits<std::uint64_t>::max());
  } else {
    throw_error(Exit::user,
                "synthetic market: '{}' is not known (a market has symbols, days and seed); write "
                "symbols=20,days=2520,seed=7",
                printable(key));
  }
}

}  // namespace

SyntheticMarket parse_synthetic(std::string_view text) {
  SyntheticMarket market;
  while (!text.empty()) {
    auto const comma = std::min(text.find(','), text.size());
    take_part(market, text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  MUSTER_REQUIRE(market.symbols * market.days <= most_made_bars,
                 "synthetic market: {} symbols over {} days are {} bars (at most {} are made); ask "
                 "for fewer",
                 market.symbols, market.days, market.symbols * market.days, most_made_bars);
  return market;
}

Bars synthetic_bars(SyntheticMarket const& market) {
  Bars bars = empty_bars(market);
  Weather weather(market.seed);
  std::vector<SyntheticSymbol> symbols;
  for (std::uint64_t s = 0; s < market.symbols; ++s) symbols.emplace_back(market.seed, s);
  for (std::uint64_t day = 0; day < market.days; ++day) {
    SyntheticDay const today = weather.step(day);
    for (std::uint64_t s = 0; s < market.symbols; ++s) {
      Life const life = life_of(market, s);
      std::size_t const i = bars.at(day, s);
      if (day >= life.end) bars.status[i] = BarStatus::delisted;
      if (day >= life.first && day < life.end)
        put(bars, i, symbols[s].step(day - life.first, today));
    }
  }
  return bars;
}

Bars open_bars(std::string const& name) {
  if (!name.starts_with(synthetic_prefix)) return read_bars(name);
  return synthetic_bars(parse_synthetic(std::string_view(name).substr(synthetic_prefix.size())));
}

}  // namespace muster::io
