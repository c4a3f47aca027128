// Rows -> the arrays of a bar file, and what is suspicious about them; private to import_bars.
#pragma once

#include <map>

#include "io/bars.hpp"
#include "io/import/bar_rows.hpp"

namespace muster::io {

struct BarGrid {
  Bars bars;
  std::vector<double> adjusted_close;  ///< the vendor's; [T][S], NaN where there is none
};

/// Rows in order of time and symbol, on the union of their times. Throws Error (Exit::user) when no
/// bar is left, and where the grid would be absurdly larger than the rows.
BarGrid make_grid(RawBars const& raw, BarInterval interval);
/// What is missing before, between and after a symbol's bars; says nothing that a bar later than
/// the one it stands at could change.
void set_gaps(Bars& bars);

struct FactorEvent {
  std::string symbol;
  std::int64_t after = 0;  ///< the event is before the first bar later than this
  double split = 1;
  double dividend = 0;
};
/// LEAN factor files, with symbols or, by the name of the file, without.
std::vector<FactorEvent> read_factors(std::vector<std::unique_ptr<TextSource>> const& sources);
/// Throws Error (Exit::user) where the bars have events of their own.
void add_factor_events(Bars& bars, std::vector<FactorEvent> const& events);

/// Events that may not be what they are called, by rule; each from bars up to its own.
void flag_events(BarGrid& grid);

}  // namespace muster::io
