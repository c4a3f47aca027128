// Imports of bars from texts, for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/import/import_bars.hpp"

namespace muster::test {

struct NamedText {
  std::string name, text;
};

inline std::vector<std::unique_ptr<io::TextSource>> sources_of(
    std::vector<NamedText> const& files) {
  std::vector<std::unique_ptr<io::TextSource>> sources;
  for (auto const& file : files) sources.push_back(io::text_from_memory(file.name, file.text));
  return sources;
}

inline io::ImportedBars bars_of(std::vector<NamedText> const& files,
                                io::BarsOptions const& options = {},
                                std::vector<NamedText> const& factors = {}) {
  return io::import_bars(sources_of(files), sources_of(factors), options);
}

inline io::ImportedBars bars_of(std::string const& text, io::BarsOptions const& options = {}) {
  return bars_of({{"file.csv", text}}, options);
}

/// The header of a table with events.
inline std::string const event_header =
    "symbol,timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_"
    "coefficient\n";
inline std::string const plain_header = "symbol,date,open,high,low,close,volume\n";

/// A row of 100 000 shares at these prices.
inline std::string event_row(std::string const& symbol_and_date, double open, double close,
                             std::string const& dividend = "0", std::string const& split = "1") {
  auto const number = [](double value) { return std::to_string(value); };
  return symbol_and_date + "," + number(open) + "," + number(open > close ? open : close) + "," +
         number(open < close ? open : close) + "," + number(close) + ",," + "100000," + dividend +
         "," + split + "\n";
}

}  // namespace muster::test
