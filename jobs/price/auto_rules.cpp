#include "jobs/price/auto_rules.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "jobs/price/correlation.hpp"
#include "jobs/price/groups.hpp"
#include "jobs/price/quotes.hpp"

namespace muster::jobs::price {
namespace {

using topology::Tier;

bool has_simple_form(Instrument const& i) {
  return i.kind == InstrumentKind::european || i.kind == InstrumentKind::digital_cash ||
         i.kind == InstrumentKind::digital_asset;
}

/// Volatilities of more assets than this bound together are left out: each needs simulated states of its own.
constexpr std::size_t most_bumped_assets = 4;

std::vector<Output> auto_outputs(Params const& params, Tier tier) {
  if (tier == Tier::low) return {Output::price, Output::delta};
  std::vector<Output> outputs{Output::price, Output::delta, Output::gamma, Output::rho, Output::theta};
  bool const has_several = std::any_of(params.instruments.begin(), params.instruments.end(),
                                       [](Instrument const& i) { return i.assets.size() > 1; });
  bool const is_regular = has_several && smallest_eigenvalue(params.market.correlation, params.market.assets.size()) >=
                                             eigenvalue_tolerance;
  auto const groups = make_groups(params);
  bool const is_narrow = std::all_of(groups.begin(), groups.end(),
                                     [](Group const& group) { return group.assets.size() <= most_bumped_assets; });
  if (is_narrow) outputs.push_back(Output::vega);
  if (is_narrow && params.market.model != ModelKind::heston)
    outputs.insert(outputs.end(), {Output::vanna, Output::volga});
  if (is_regular) outputs.push_back(Output::cross_gamma);
  if (is_regular && is_narrow) outputs.push_back(Output::correlation_vega);
  return outputs;
}

Method auto_method(Params const& params, Tier tier) {
  if (has_quotes(params)) return Method::closed_form;
  bool const all_simple =
      std::all_of(params.instruments.begin(), params.instruments.end(), has_simple_form);
  return tier == Tier::low && all_simple ? Method::closed_form : Method::both;
}

std::uint64_t auto_paths(Tier tier) {
  switch (tier) {
    case Tier::low:
      return std::uint64_t{1} << 18;
    case Tier::mid:
      return std::uint64_t{1} << 20;
    case Tier::high:
      return std::uint64_t{1} << 22;
  }
  return std::uint64_t{1} << 20;
}

}  // namespace

std::uint64_t auto_tile_paths(Params const& params) {
  double last = 0;
  for (auto const& instrument : params.instruments) last = std::max(last, instrument.expiry_years);
  // A count of elementary steps a path; doubles hold these products exactly enough to compare.
  double const steps =
      static_cast<double>(static_cast<std::uint64_t>(params.simulation.steps_per_year * last) + 1);
  double const cost = steps * static_cast<double>(params.market.assets.size()) +
                      8.0 * static_cast<double>(params.instruments.size() * params.outputs.size());
  std::uint64_t tile = std::uint64_t{1} << 18;
  while (tile > (std::uint64_t{1} << 10) && static_cast<double>(tile) * cost > 0x1p24) tile /= 2;
  return std::min(tile, std::bit_floor(params.simulation.paths));
}

std::vector<AutoReason> resolve_auto(Params& params, Automatic const& automatic, Tier tier,
                                     std::string_view why) {
  std::vector<AutoReason> reasons;
  auto const by_tier = [&](std::string_view key) {
    reasons.push_back(
        {std::string(key), fmt::format("auto: {} tier{}", topology::to_string(tier),
                                       why.empty() ? "" : fmt::format(" ({})", why))});
  };
  Simulation& simulation = params.simulation;
  if (automatic.method) {
    params.method = auto_method(params, tier);
    if (has_quotes(params))
      reasons.push_back({"method", "auto: instruments with a quote of their own"});
    else
      by_tier("method");
  }
  if (automatic.outputs) {
    params.outputs = auto_outputs(params, tier);
    by_tier("outputs");
  }
  if (automatic.paths) {
    simulation.paths = auto_paths(tier);
    by_tier("simulation.paths");
  }
  if (automatic.precision) {
    simulation.precision =
        tier == Tier::high ? Precision::double_precision : Precision::single_precision;
    by_tier("simulation.precision");
  }
  if (automatic.tile_paths) {
    simulation.tile_paths = auto_tile_paths(params);
    reasons.push_back(
        {"simulation.tile_paths", "auto: from steps, assets and instruments of the job"});
  }
  if (automatic.max_paths) {
    simulation.stop.max_paths = simulation.stop.target_stderr > 0
                                    ? std::min(64 * simulation.paths, std::uint64_t{1} << 40)
                                    : 0;
    reasons.push_back({"simulation.max_paths", simulation.stop.target_stderr > 0
                                                   ? "auto: 64 times paths"
                                                   : "auto: no target_stderr"});
  }
  return reasons;
}

}  // namespace muster::jobs::price
