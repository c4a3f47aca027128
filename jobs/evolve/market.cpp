#include "jobs/evolve/market.hpp"

namespace muster::jobs::evolve {
namespace {

namespace bt = kernels::backtest;

constexpr double sessions_a_year = 252;
constexpr double session_s = 6.5 * 3600;

bt::Status status_of(io::BarStatus status) {
  switch (status) {
    case io::BarStatus::traded: return bt::Status::traded;
    case io::BarStatus::missing: return bt::Status::halted;
    case io::BarStatus::not_listed: return bt::Status::unlisted;
    case io::BarStatus::delisted: return bt::Status::delisted;
  }
  return bt::Status::halted;
}

/// Weekday of a daily bar, hour of the day (UTC) of a shorter one.
std::uint16_t season_of(io::BarInterval interval, std::int64_t time) {
  constexpr std::int64_t day = 86'400;
  auto const days = time / day;
  return static_cast<std::uint16_t>(interval == io::BarInterval::day ? (days + 4) % 7 : time % day / 3600);
}

void fill_cell(io::Bars const& bars, std::size_t bar, std::size_t symbol, double factor, bt::Market& market) {
  auto const from = bars.at(bar, symbol);
  auto const to = market.at(static_cast<std::uint32_t>(bar), static_cast<std::uint32_t>(symbol));
  market.status[to] = status_of(bars.status[from]);
  market.open[to] = bars.open[from];
  market.high[to] = bars.high[from];
  market.low[to] = bars.low[from];
  market.close[to] = bars.close[from];
  market.volume[to] = bars.volume[from];
  market.factor[to] = factor;
  if (bars.split[from] != 1 || bars.dividend[from] != 0)
    market.events.push_back({static_cast<std::uint32_t>(bar), static_cast<std::uint32_t>(symbol), bars.split[from], bars.dividend[from]});
}

}  // namespace

bool is_generated(MarketChoice const& choice) { return jobs::is_generated(choice.bars); }

KnownBarsPtr open_market(MarketChoice const& choice, std::filesystem::path const& folder) {
  return open_bars(choice.bars, choice.digest, folder);
}

bt::Market to_market(io::Bars const& bars) {
  auto market = bt::make_market(static_cast<std::uint32_t>(bars.symbols.size()), static_cast<std::uint32_t>(bars.size()));
  auto const factors = io::forward_factor(bars);
  for (std::size_t bar = 0; bar < bars.size(); ++bar) {
    market.season.push_back(season_of(bars.interval, bars.times[bar]));
    for (std::size_t symbol = 0; symbol < bars.symbols.size(); ++symbol)
      fill_cell(bars, bar, symbol, factors[bars.at(bar, symbol)], market);
  }
  bt::seal(market);
  return market;
}

double bars_per_year(io::BarInterval interval) {
  if (interval == io::BarInterval::day) return sessions_a_year;
  return sessions_a_year * session_s / static_cast<double>(interval);
}

std::string bar_time(io::Bars const& bars, std::size_t bar) { return jobs::bar_time(bars.interval, bars.times[bar]); }

}  // namespace muster::jobs::evolve
