#include "io/import/bar_grid.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "core/error.hpp"
#include "io/bars_rules.hpp"

namespace muster::io {
namespace {

constexpr std::size_t most_cells_a_row = 1000;
constexpr double no_price = std::numeric_limits<double>::quiet_NaN();

/// Sessions without a bar after which a symbol counts as delisted.
constexpr std::size_t patience_sessions = 20;

std::vector<std::int64_t> times_of(RawBars const& raw) {
  std::vector<std::int64_t> times;
  for (BarRow const& row : raw.rows) {
    bool const is_placed = row.drop == nullptr || std::string_view(row.drop) != "no_session";
    if (is_placed && (times.empty() || times.back() != row.time)) times.push_back(row.time);
  }
  return times;
}

/// Names in order, of the symbols that have a bar; and where each symbol of the rows went.
std::vector<std::string> symbols_of(RawBars const& raw, std::vector<std::size_t>& columns) {
  std::vector<bool> has_bar(raw.symbols.size(), false);
  for (BarRow const& row : raw.rows)
    if (row.drop == nullptr) has_bar[row.symbol] = true;
  std::vector<std::string> names;
  for (std::size_t s = 0; s < has_bar.size(); ++s)
    if (has_bar[s]) names.push_back(raw.symbols[s]);
  std::sort(names.begin(), names.end());
  columns.assign(raw.symbols.size(), SIZE_MAX);
  for (std::size_t s = 0; s < has_bar.size(); ++s)
    if (has_bar[s])
      columns[s] = static_cast<std::size_t>(
          std::lower_bound(names.begin(), names.end(), raw.symbols[s]) - names.begin());
  return names;
}

void require_size(Bars const& bars, RawBars const& raw) {
  MUSTER_REQUIRE(
      !bars.symbols.empty(),
      "{}: no bar is left of {} rows (there is nothing to write); check the file, --from, "
      "--to and --calendar",
      raw.files.front(), raw.rows.size());
  std::size_t const height = bars.size(), width = bars.symbols.size();
  std::size_t const most = std::min(most_bar_cells, raw.rows.size() * most_cells_a_row);
  MUSTER_REQUIRE(height <= most / width,
                 "{}: {} symbols over {} times, of {} rows (nearly nothing of that table is there, "
                 "and it would fill the memory); import symbols of one calendar together",
                 raw.files.front(), width, height, raw.rows.size());
}

void make_room(BarGrid& grid) {
  Bars& bars = grid.bars;
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &grid.adjusted_close})
    column->assign(bars.cells(), no_price);
  bars.volume.assign(bars.cells(), 0);
  bars.split.assign(bars.cells(), 1);
  bars.dividend.assign(bars.cells(), 0);
  bars.status.assign(bars.cells(), BarStatus::missing);
}

void put_bar(BarGrid& grid, std::size_t i, BarRow const& row) {
  Bars& bars = grid.bars;
  bars.open[i] = row.open;
  bars.high[i] = row.high;
  bars.low[i] = row.low;
  bars.close[i] = row.close;
  bars.volume[i] = row.volume;
  bars.status[i] = BarStatus::traded;
  grid.adjusted_close[i] = row.adjusted_close;
}

void put_event(Bars& bars, std::size_t i, BarRow const& row) {
  if (row.split != 1) bars.split[i] = row.split;
  if (row.dividend != 0) bars.dividend[i] = row.dividend;
}

void set_symbol_gaps(Bars& bars, std::size_t symbol, std::size_t patience) {
  bool is_listed = false;
  std::size_t gap = 0;
  for (std::size_t t = 0; t < bars.size(); ++t) {
    BarStatus& status = bars.status[bars.at(t, symbol)];
    bool const has_traded = status == BarStatus::traded;
    is_listed = is_listed || has_traded;
    gap = has_traded ? 0 : gap + 1;
    if (!has_traded)
      status = !is_listed        ? BarStatus::not_listed
               : gap <= patience ? BarStatus::missing
                                 : BarStatus::delisted;
  }
}

std::size_t bars_a_session(BarInterval interval) {
  if (interval == BarInterval::minute) return 390;
  return interval == BarInterval::hour ? 7 : 1;
}

}  // namespace

BarGrid make_grid(RawBars const& raw, BarInterval interval) {
  BarGrid grid;
  std::vector<std::size_t> columns;
  grid.bars.interval = interval;
  grid.bars.times = times_of(raw);
  grid.bars.symbols = symbols_of(raw, columns);
  require_size(grid.bars, raw);
  make_room(grid);
  std::size_t bar = 0;
  for (BarRow const& row : raw.rows) {
    while (bar < grid.bars.size() && grid.bars.times[bar] < row.time) ++bar;
    if (columns[row.symbol] == SIZE_MAX || bar == grid.bars.size()) continue;
    std::size_t const i = grid.bars.at(bar, columns[row.symbol]);
    if (row.drop == nullptr) put_bar(grid, i, row);
    put_event(grid.bars, i, row);
  }
  set_gaps(grid.bars);
  return grid;
}

void set_gaps(Bars& bars) {
  for (std::size_t s = 0; s < bars.symbols.size(); ++s)
    set_symbol_gaps(bars, s, patience_sessions * bars_a_session(bars.interval));
}

}  // namespace muster::io
