// One instruction set's copy of the closed forms, behind a table.
#include "kernels/closed/european.hpp"
#include "kernels/closed/lanes.hpp"

#define MUSTER_JOIN_(a, b) a##b
#define MUSTER_JOIN(a, b) MUSTER_JOIN_(a, b)

muster::kernels::ClosedTable const* MUSTER_JOIN(closed_table_, MUSTER_ISA)();

muster::kernels::ClosedTable const* MUSTER_JOIN(closed_table_, MUSTER_ISA)() {
  using namespace muster::kernels;
  static constexpr auto vanilla_into = [](VanillaInput const& in, Greeks& out) { out = vanilla_greeks(in); };
  static constexpr ClosedTable table{
      .black_scholes = black_scholes_lanes,
      .implied_volatility = implied_lanes,
      .vanilla = vanilla_into,
      .geometric_asian = nullptr,
      .barrier = nullptr,
      .double_barrier = nullptr,
      .lookback = nullptr,
      .two_asset = nullptr,
      .heston = nullptr,
  };
  return &table;
}
