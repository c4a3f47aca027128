#include "jobs/evolve/null_market.hpp"

#include <limits>

#include "kernels/statistics/bootstrap.hpp"

namespace muster::jobs::evolve {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double first_price = 100;

/// One symbol's way from bar to bar: what follows a close of 1.
struct Moves {
  std::vector<double> open, high, low, close, volume;  ///< close 0: the symbol did not trade in both bars
};

bool has_move(io::Bars const& bars, std::size_t bar, std::size_t symbol) {
  return bars.status[bars.at(bar, symbol)] == io::BarStatus::traded && bars.status[bars.at(bar - 1, symbol)] == io::BarStatus::traded;
}

Moves moves_of(io::Bars const& bars, std::vector<double> const& factor, std::size_t symbol, std::size_t length) {
  Moves moves;
  for (auto* column : {&moves.open, &moves.high, &moves.low, &moves.close, &moves.volume}) column->assign(length, 0.0);
  double sum = 0, count = 0;
  for (std::size_t bar = 1; bar < length; ++bar) {
    if (!has_move(bars, bar, symbol)) continue;
    auto const now = bars.at(bar, symbol), before = bars.at(bar - 1, symbol);
    double const scale = factor[now] / (bars.close[before] * factor[before]);
    moves.open[bar] = bars.open[now] * scale;
    moves.high[bar] = bars.high[now] * scale;
    moves.low[bar] = bars.low[now] * scale;
    moves.close[bar] = bars.close[now] * scale;
    moves.volume[bar] = bars.volume[now];
    sum += moves.close[bar] - 1;
    ++count;
  }
  double const without_mean = count > 0 ? 1 / (1 + sum / count) : 1;
  for (auto* column : {&moves.open, &moves.high, &moves.low, &moves.close})
    for (double& move : *column) move *= without_mean;
  return moves;
}

/// Prices of a bar, as shares of the close before it.
struct Bar {
  double open, high, low, close;
};

void write_bar(io::Bars& to, std::size_t at, double price, Bar const& bar, double volume) {
  to.open[at] = price * bar.open;
  to.high[at] = price * bar.high;
  to.low[at] = price * bar.low;
  to.close[at] = price * bar.close;
  to.volume[at] = volume;
  to.status[at] = io::BarStatus::traded;
}

/// The first bar has a price alone.
void write_first(io::Bars& to, std::size_t symbol) {
  auto const at = to.at(0, symbol);
  to.open[at] = to.high[at] = to.low[at] = to.close[at] = first_price;
  to.status[at] = io::BarStatus::traded;
}

/// Prices below this or above its inverse are those of a symbol whose few moves were drawn again and again.
constexpr double least_price = 1e-6;

void write_symbol(io::Bars& to, std::size_t symbol, Moves const& moves, std::vector<std::uint32_t> const& order) {
  write_first(to, symbol);
  double price = first_price;
  for (std::size_t bar = 1; bar < to.size(); ++bar) {
    auto const from = order[bar - 1] + 1;
    double const next = price * moves.close[from];
    if (!(next > least_price && next < 1 / least_price)) continue;
    write_bar(to, to.at(bar, symbol), price, {moves.open[from], moves.high[from], moves.low[from], moves.close[from]}, moves.volume[from]);
    price = next;
  }
}

void resample(Params const& params, io::Bars const& bars, std::vector<double> const& factor, std::uint64_t index, io::Bars& to) {
  auto const order = kernels::stationary_indices(params.seed, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(to.size() - 1),
                                                 params.honesty.mean_block);
  for (std::size_t symbol = 0; symbol < bars.symbols.size(); ++symbol)
    write_symbol(to, symbol, moves_of(bars, factor, symbol, to.size()), order);
}

/// What has risen falls, by as much of the close before; by its inverse where a price would come near to 0.
Bar turned_round(Bar const& bar) {
  constexpr double most_rise = 1.5;
  if (bar.high < most_rise) return {2 - bar.open, 2 - bar.low, 2 - bar.high, 2 - bar.close};
  return {1 / bar.open, 1 / bar.low, 1 / bar.high, 1 / bar.close};
}

void mirror_symbol(io::Bars const& bars, std::vector<double> const& factor, std::size_t symbol, std::vector<double> const& signs,
                   io::Bars& to) {
  double before = 0, price = first_price;  // the close of the last bar that traded: there, and here
  for (std::size_t bar = 0; bar < to.size(); ++bar) {
    auto const at = bars.at(bar, symbol);
    to.status[at] = bars.status[at];
    if (bars.status[at] != io::BarStatus::traded) continue;
    double const scale = before > 0 ? factor[at] / before : 1 / bars.close[at];
    Bar const own{bars.open[at] * scale, bars.high[at] * scale, bars.low[at] * scale, bars.close[at] * scale};
    Bar const moved = signs[bar] < 0 && before > 0 ? turned_round(own) : own;
    before = bars.close[at] * factor[at];
    double const next = price * moved.close;
    to.status[at] = io::BarStatus::missing;
    if (!(next > least_price && next < 1 / least_price)) continue;
    write_bar(to, at, price, moved, bars.volume[at]);
    price = next;
  }
}

void mirror(Params const& params, io::Bars const& bars, std::vector<double> const& factor, std::uint64_t index, io::Bars& to) {
  auto const signs = kernels::random_signs(params.seed, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(to.size()));
  for (std::size_t symbol = 0; symbol < bars.symbols.size(); ++symbol) mirror_symbol(bars, factor, symbol, signs, to);
}

/// So many bars without a price.
io::Bars without_prices(io::Bars const& bars, std::size_t length) {
  io::Bars null;
  null.source = "null market";
  null.interval = bars.interval;
  null.calendar = bars.calendar;
  null.symbols = bars.symbols;
  null.times.assign(bars.times.begin(), bars.times.begin() + static_cast<std::ptrdiff_t>(length));
  for (auto* column : {&null.open, &null.high, &null.low, &null.close}) column->assign(null.cells(), nan);
  for (auto* column : {&null.volume, &null.dividend}) column->assign(null.cells(), 0.0);
  null.split.assign(null.cells(), 1.0);
  null.status.assign(null.cells(), io::BarStatus::missing);
  return null;
}

}  // namespace

io::Bars null_bars(Params const& params, io::Bars const& bars, std::vector<double> const& factor, std::size_t length,
                   std::uint64_t index) {
  auto null = without_prices(bars, length);
  if (params.honesty.null_method == NullMethod::mirrored)
    mirror(params, bars, factor, index, null);
  else
    resample(params, bars, factor, index, null);
  return null;
}

}  // namespace muster::jobs::evolve
