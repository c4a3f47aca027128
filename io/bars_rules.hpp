// What a bar file may say: the checks that writer and reader share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/bars.hpp"

namespace muster::io {

inline constexpr char const* bars_filetype = "muster-bars";
inline constexpr std::int64_t bars_major_version = 1;
inline constexpr std::int64_t bars_minor_version = 0;

inline constexpr std::size_t most_bar_symbols = 65'536;
inline constexpr std::size_t most_bar_cells = std::size_t{1} << 27;
/// Beyond these a number is a mistake of the source.
inline constexpr double largest_bar_price = 1e9;
inline constexpr double smallest_bar_price = 1e-9;
inline bool is_bar_price(double value) {
  return value >= smallest_bar_price && value <= largest_bar_price;
}
inline constexpr double largest_bar_volume = 1e18;
inline constexpr double largest_split = 1e4;  ///< and 1e-4 the other way

/// "day", "hour", "minute".
std::string to_word(BarInterval interval);
std::optional<BarInterval> interval_of(std::string_view word);

/// The first thing that is wrong, naming symbol and bar; empty when nothing is.
std::string find_fault(Bars const& bars);

}  // namespace muster::io
