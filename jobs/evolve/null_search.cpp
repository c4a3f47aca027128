#include "jobs/evolve/null_search.hpp"

#include <limits>

#include "jobs/evolve/champion.hpp"
#include "jobs/evolve/generation.hpp"
#include "kernels/statistics/bootstrap.hpp"
#include "kernels/sums/slots.hpp"

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

void write_cell(io::Bars& to, std::size_t at, double price, Moves const& moves, std::size_t from) {
  to.open[at] = price * moves.open[from];
  to.high[at] = price * moves.high[from];
  to.low[at] = price * moves.low[from];
  to.close[at] = price * moves.close[from];
  to.volume[at] = moves.volume[from];
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
    write_cell(to, to.at(bar, symbol), price, moves, from);
    price = next;
  }
}

}  // namespace

io::Bars null_bars(io::Bars const& bars, std::vector<double> const& factor, std::size_t length, double mean_block,
                   std::uint64_t seed, std::uint64_t index) {
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
  auto const order = kernels::stationary_indices(seed, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(length - 1), mean_block);
  for (std::size_t symbol = 0; symbol < bars.symbols.size(); ++symbol)
    write_symbol(null, symbol, moves_of(bars, factor, symbol, length), order);
  return null;
}

std::int64_t null_statistic(Params const& params, io::Bars const& bars, Field const& field, std::uint64_t index, Device device) {
  Params alike = params;
  alike.seed = kernels::mix64(params.seed ^ kernels::mix64(index + 1));
  alike.honesty.trials = 0;
  alike.market.symbol = bars.symbols[field.symbol];
  std::size_t const length = field.spans.has_test() ? field.spans.test.first : bars.size();
  auto null_field = make_field(alike, null_bars(bars, io::forward_factor(bars), length, params.honesty.mean_block, params.seed, index),
                               field.spans, 1);
  auto const ground = make_ground(alike, null_field.get());
  Breeding const breeding(alike, ground->genes());
  std::vector<std::unique_ptr<Judge>> judges;
  for (std::size_t fold = 0; fold < breeding.herds(); ++fold) judges.push_back(ground->make_judge(device, fold));
  std::vector<std::int64_t> fitness(breeding.herds() * breeding.slots());
  auto generation = breeding.first(1);
  while (generation->has_candidates()) {
    for (std::size_t fold = 0; fold < judges.size(); ++fold)
      judges[fold]->judge(generation->herds[fold].candidates, std::span(fitness).subspan(fold * breeding.slots(), breeding.slots()));
    generation = breeding.next(*generation, fitness, 1);
  }
  return kernels::fitness_of(choose_champion(params.spans.scheme, *ground, generation->herds).statistic);
}

}  // namespace muster::jobs::evolve
