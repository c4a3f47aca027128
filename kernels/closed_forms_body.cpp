// One instruction set's copy of the closed forms, behind a table.
#include "kernels/closed/double_barrier.hpp"
#include "kernels/closed/geometric.hpp"
#include "kernels/closed/heston.hpp"
#include "kernels/closed/lanes.hpp"
#include "kernels/closed/lookback.hpp"
#include "kernels/closed/two_asset.hpp"

#define MUSTER_JOIN_(a, b) a##b
#define MUSTER_JOIN(a, b) MUSTER_JOIN_(a, b)

namespace muster::kernels {
inline namespace MUSTER_ISA {
namespace {

void vanilla_into(VanillaInput const& in, Greeks& out) { out = vanilla_greeks(in); }
void geometric_into(GeometricInput const& in, Greeks& out) { out = geometric_greeks(in); }
void barrier_into(BarrierInput const& in, Greeks& out) { out = barrier_greeks(in); }
void double_barrier_into(DoubleBarrierInput const& in, Greeks& out) { out = double_barrier_greeks(in); }
void lookback_into(LookbackInput const& in, Greeks& out) { out = lookback_greeks(in); }
void two_asset_into(TwoAssetInput const& in, TwoAssetGreeks& out) { out = two_asset_greeks(in); }
void heston_into(HestonInput const& in, HestonGreeks& out) { out = heston_greeks(in); }

}  // namespace
}  // namespace MUSTER_ISA
}  // namespace muster::kernels

muster::kernels::ClosedTable const* MUSTER_JOIN(closed_table_, MUSTER_ISA)();

muster::kernels::ClosedTable const* MUSTER_JOIN(closed_table_, MUSTER_ISA)() {
  using namespace muster::kernels;
  static constexpr ClosedTable table{
      .black_scholes = black_scholes_lanes,
      .black_scholes_columns = black_scholes_columns,
      .implied_volatility = implied_lanes,
      .vanilla = vanilla_into,
      .geometric_asian = geometric_into,
      .barrier = barrier_into,
      .double_barrier = double_barrier_into,
      .lookback = lookback_into,
      .two_asset = two_asset_into,
      .heston = heston_into,
  };
  return &table;
}
