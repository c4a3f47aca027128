// How a GPU lays the symbols of a bar out for groups of lanes; plain numbers, for hosts too.
#pragma once

#include <cstdint>

#include "kernels/backtest/market.hpp"
#include "kernels/host_device.hpp"

namespace muster::kernels::backtest {

/// `lanes` lanes of a warp take one rule, each `slots` symbols: symbol s is slot s / lanes of lane s % lanes. In a row of a
/// market a lane's slots lie by fours, so that it loads four at once.
struct GroupLayout {
  int slots = 4;
  int lanes = 1;
  MUSTER_HD constexpr int quads() const { return (slots + 3) / 4; }
  MUSTER_HD constexpr std::uint32_t row() const { return static_cast<std::uint32_t>(quads() * 4 * lanes); }  ///< cells of a bar
  /// Symbol of a cell of a row; the last cells may be beyond all symbols.
  MUSTER_HD constexpr std::uint32_t symbol_at(std::uint32_t cell) const {
    auto const width = static_cast<std::uint32_t>(lanes);
    return (cell / (4 * width) * 4 + cell % 4) * width + cell / 4 % width;
  }
  constexpr std::uint32_t most_symbols() const { return static_cast<std::uint32_t>(slots * lanes); }
};

/// Every one is compiled, so they are few; ascending in symbols.
inline constexpr GroupLayout group_layouts[] = {{4, 1},  {4, 4},  {8, 4},   {8, 8},  {13, 8},
                                                {16, 8}, {13, 16}, {16, 16}, {16, 32}};
inline constexpr int group_layout_count = sizeof(group_layouts) / sizeof(group_layouts[0]);

/// The first that has room; -1: none has, and blocks of several warps take a rule each.
constexpr int group_layout_for(std::uint32_t symbols) {
  for (int i = 0; i < group_layout_count; ++i)
    if (symbols <= group_layouts[i].most_symbols()) return i;
  return -1;
}

/// Cells of a bar on a device.
constexpr std::uint32_t device_row(std::uint32_t symbols) {
  int const layout = group_layout_for(symbols);
  return layout < 0 ? padded_symbols(symbols) : group_layouts[layout].row();
}

}  // namespace muster::kernels::backtest
