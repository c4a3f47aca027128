// Baseline entry points of the closed forms: each picks the copy of its body that this CPU runs.
#include "kernels/closed_forms.hpp"

#include "core/error.hpp"
#include "kernels/isa.hpp"

extern muster::kernels::ClosedTable const* closed_table_v3();
extern muster::kernels::ClosedTable const* closed_table_v4();
extern muster::kernels::ClosedTable const* closed_table_generic();

namespace muster::kernels {
namespace {

ClosedTable const& table() {
#if defined(__x86_64__)
  static ClosedTable const& chosen = active_isa() == Isa::v4 ? *closed_table_v4() : *closed_table_v3();
#else
  static ClosedTable const& chosen = *closed_table_generic();
#endif
  return chosen;
}

}  // namespace

void black_scholes(std::span<BsInput const> in, std::span<BsOutput> out) {
  MUSTER_ASSERT(out.size() >= in.size(), "{} options, room for {}", in.size(), out.size());
  table().black_scholes(in.data(), out.data(), in.size());
}

void black_scholes(BsColumns const& in, BsResultColumns const& out, std::size_t count) {
  table().black_scholes_columns(in, out, count);
}

void implied_volatility(std::span<ImpliedInput const> in, std::span<ImpliedOutput> out) {
  MUSTER_ASSERT(out.size() >= in.size(), "{} quotes, room for {}", in.size(), out.size());
  table().implied_volatility(in.data(), out.data(), in.size());
}

#define MUSTER_CLOSED_FORM(Result, name, Input) \
  Result name(Input const& in) {                \
    Result out;                                 \
    table().name(in, out);                      \
    return out;                                 \
  }
MUSTER_CLOSED_FORM(Greeks, vanilla, VanillaInput)
MUSTER_CLOSED_FORM(Greeks, geometric_asian, GeometricInput)
MUSTER_CLOSED_FORM(Greeks, barrier, BarrierInput)
MUSTER_CLOSED_FORM(Greeks, double_barrier, DoubleBarrierInput)
MUSTER_CLOSED_FORM(Greeks, lookback, LookbackInput)
MUSTER_CLOSED_FORM(TwoAssetGreeks, two_asset, TwoAssetInput)
MUSTER_CLOSED_FORM(HestonGreeks, heston, HestonInput)
#undef MUSTER_CLOSED_FORM

}  // namespace muster::kernels
