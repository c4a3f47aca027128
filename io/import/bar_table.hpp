// Bars as CSV; private to import_bars.
#pragma once

#include "io/import/bar_rows.hpp"
#include "io/import/csv.hpp"

namespace muster::io {

enum class BarClock { dates_or_times, milliseconds };

/// Where the columns of a table are.
struct BarColumns {
  std::optional<std::size_t> symbol, time, open, high, low, close, volume, adjusted, dividend,
      split;
  std::size_t count = 0;  ///< fields a row has
  double scale = 1;       ///< prices are divided by it
  BarClock clock = BarClock::dates_or_times;
};

/// Empty unless the header has a time and the four prices.
std::optional<BarColumns> bar_columns(CsvRecord const& header);

/// Throws Error (Exit::user) for an unknown header, times without zone, events that are no numbers.
void read_bar_table(TextSource& source, BarSink& sink);

}  // namespace muster::io
