// Bars as a network is told of them: what is known at each bar's close, and nothing later.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "io/bars.hpp"

namespace muster::jobs {

/// Of a bar: log returns of open, high, low and close from the close before, adjusted forward, and of the traded value.
inline constexpr std::size_t bar_inputs = 5;
std::string_view bar_input_name(std::size_t input);

/// Input x becomes (x - middle) / half, at most `largest_input` either way.
struct InputScale {
  double middle = 0;
  double half = 1;
};
using InputScales = std::array<InputScale, bar_inputs>;
inline constexpr float largest_input = 8;

/// Bars [first, last).
struct BarRange {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t size() const { return last - first; }
};

/// A bar counts where its symbol traded in it and in the bar before. [symbol][bar]
struct BarInputs {
  std::size_t symbols = 0, bars = 0;
  std::vector<double> values;       ///< [symbol][bar][bar_inputs]; 0 where the bar does not count
  std::vector<std::uint32_t> runs;  ///< bars in a row that count, up to this one

  std::size_t at(std::size_t symbol, std::size_t bar) const { return symbol * bars + bar; }
};
BarInputs bar_inputs_of(io::Bars const& bars);

/// BarInputs::runs alone.
std::vector<std::uint32_t> runs_of(io::Bars const& bars);

/// Whether `window` bars up to this one count, and with the close before them lie in the range.
constexpr bool ends_window(std::uint32_t run, std::size_t bar, std::size_t window, BarRange range) {
  return run >= window && bar >= range.first + window && bar < range.last;
}

/// Mean and deviation over the bars of a range, by exact sums. 1 for the deviation of what never changes.
InputScales scales_of(BarInputs const& inputs, BarRange range);

/// As the network takes them. [symbol][bar][bar_inputs]
std::vector<float> scaled(BarInputs const& inputs, InputScales const& scales);

}  // namespace muster::jobs
