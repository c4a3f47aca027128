#include "jobs/price/contract_plan.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "jobs/price/curves.hpp"
#include "jobs/price/time_grid.hpp"
#include "kernels/scalar_math.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::price {
namespace {

using kernels::exact_exp;
using kernels::exact_log;
using kernels::PathPayoff;

double sign_of(Right right) { return right == Right::call ? 1.0 : -1.0; }

PathPayoff payoff_of(Instrument const& i) {
  bool const bridge = i.monitoring == Monitoring::continuous;
  switch (i.kind) {
    case InstrumentKind::european: return PathPayoff::european;
    case InstrumentKind::digital_cash: return PathPayoff::digital_cash;
    case InstrumentKind::digital_asset: return PathPayoff::digital_asset;
    case InstrumentKind::asian: return i.averaging == Averaging::arithmetic ? PathPayoff::asian_arithmetic : PathPayoff::asian_geometric;
    case InstrumentKind::barrier: return bridge ? PathPayoff::barrier_bridge : PathPayoff::barrier_discrete;
    case InstrumentKind::double_barrier: return bridge ? PathPayoff::double_barrier_bridge : PathPayoff::double_barrier_discrete;
    case InstrumentKind::lookback: return bridge ? PathPayoff::lookback_bridge : PathPayoff::lookback_discrete;
    case InstrumentKind::basket:
    case InstrumentKind::spread: return PathPayoff::basket;
    case InstrumentKind::best_of: return PathPayoff::best_of;
    case InstrumentKind::worst_of: return PathPayoff::worst_of;
  }
  MUSTER_ASSERT(false, "instrument kind {}", static_cast<int>(i.kind));
}

std::uint32_t slots_of(PathPayoff payoff) {
  switch (payoff) {
    case PathPayoff::barrier_discrete:
    case PathPayoff::barrier_bridge:
    case PathPayoff::double_barrier_discrete:
    case PathPayoff::double_barrier_bridge: return 2;
    case PathPayoff::asian_arithmetic:
    case PathPayoff::asian_geometric:
    case PathPayoff::lookback_discrete:
    case PathPayoff::lookback_bridge: return 1;
    default: return 0;
  }
}

bool watches_every_step(PathPayoff payoff) {
  return payoff == PathPayoff::barrier_bridge || payoff == PathPayoff::double_barrier_bridge || payoff == PathPayoff::lookback_bridge;
}

bool has_weights(InstrumentKind kind) {
  return kind == InstrumentKind::basket || kind == InstrumentKind::spread || kind == InstrumentKind::best_of ||
         kind == InstrumentKind::worst_of;
}

}  // namespace

double grid_scale(double bound) {
  double const limit = bound > 0x1p-900 ? bound : 0x1p-900;
  double power = 1;  // the least power of two not below limit
  while (power < limit) power *= 2;
  while (power * 0.5 >= limit) power *= 0.5;
  return static_cast<double>(std::uint64_t{1} << (kernels::quantum_bits - 1)) / power;
}

ContractPlanner::ContractPlanner(Params const& params, Group const& group, std::vector<double> const& grid,
                                 kernels::PathPlan& plan)
    : params_(params), group_(group), grid_(grid), plan_(plan), events_(grid.size()) {}

std::uint32_t ContractPlanner::local(std::uint32_t market_asset) const {
  auto const at = std::find(group_.assets.begin(), group_.assets.end(), market_asset);
  return static_cast<std::uint32_t>(at - group_.assets.begin());
}

double ContractPlanner::mean_spot(std::uint32_t a, double years) const {
  auto const growth = [&](double from) {
    return exact_exp((integrated_rate(params_.market.rate, years) - integrated_rate(params_.market.rate, from)) -
                     (integrated_rate(asset(a).dividend, years) - integrated_rate(asset(a).dividend, from)));
  };
  double mean = asset(a).spot * growth(0);
  for (auto const& dividend : asset(a).cash_dividends)
    if (dividend.years <= years + same_time_years) mean -= dividend.amount * growth(dividend.years);
  return mean;
}

double ContractPlanner::spot_bound(std::uint32_t a, double years) const {
  double most = asset(a).spot;
  for (std::size_t s = 0; s < grid_.size() && grid_[s] < years + same_time_years; ++s) {
    double const variance = integrated_variance(asset(a).volatility, grid_[s]);
    most = std::max(most, plan_.forward[(s + 1) * plan_.assets + a] * exact_exp(9.0 * std::sqrt(variance)));
  }
  return most;
}

double ContractPlanner::payoff_bound(Instrument const& i) const {
  double spots = 0;
  for (std::size_t k = 0; k < i.assets.size(); ++k) {
    double const weight = k < i.weights.size() ? std::abs(i.weights[k]) : 1.0;
    spots += weight * spot_bound(local(i.assets[k]), i.expiry_years);
  }
  for (double fixing : i.past_fixings) spots = std::max(spots, fixing);
  spots = std::max(spots, i.extremum);
  switch (i.kind) {
    case InstrumentKind::digital_cash: return std::abs(i.payout);
    case InstrumentKind::digital_asset: return spots;
    default: return spots + i.strike + i.rebate;
  }
}

void ContractPlanner::set_weights(Instrument const& instrument, kernels::ContractPlan& contract) {
  contract.first_weight = static_cast<std::uint32_t>(plan_.weights.size());
  contract.weight_count = static_cast<std::uint32_t>(instrument.assets.size());
  for (std::size_t k = 0; k < instrument.assets.size(); ++k)
    plan_.weights.push_back({local(instrument.assets[k]), k < instrument.weights.size() ? instrument.weights[k] : 1.0});
}

void ContractPlanner::set_payoff(Instrument const& i, kernels::ContractPlan& c) {
  c.payoff = payoff_of(i);
  c.right = sign_of(i.right);
  c.floating_strike = i.strike_kind == StrikeKind::floating ? 1 : 0;
  c.asset = local(i.assets.front());
  c.strike = i.strike;
  c.payout = i.payout;
  c.rebate = i.rebate;
  c.rebate_at_hit = i.rebate_at == RebateAt::hit ? 1 : 0;
  if (i.kind == InstrumentKind::barrier) {
    c.knock_in = i.barrier_kind == BarrierKind::down_in || i.barrier_kind == BarrierKind::up_in ? 1 : 0;
    c.side = i.barrier_kind == BarrierKind::up_in || i.barrier_kind == BarrierKind::up_out ? kernels::KnockSide::up
                                                                                            : kernels::KnockSide::down;
    c.log_barrier = exact_log(i.barrier);
  }
  if (i.kind == InstrumentKind::double_barrier) {
    c.knock_in = i.double_barrier_kind == DoubleBarrierKind::knock_in ? 1 : 0;
    c.log_barrier = exact_log(i.barrier);
    c.log_upper = exact_log(i.upper_barrier);
  }
  // A knock-in pays its rebate at expiry: until then nobody knows that it stays out.
  if (c.knock_in != 0) c.rebate_at_hit = 0;
  if (i.kind == InstrumentKind::asian) {
    for (double fixing : i.past_fixings) c.past_sum += i.averaging == Averaging::geometric ? exact_log(fixing) : fixing;
    c.mean_factor = 1.0 / static_cast<double>(i.past_fixings.size() + i.fixing_years.size());
  }
  if (i.kind == InstrumentKind::lookback) c.extremum = exact_log(i.extremum > 0 ? i.extremum : asset(c.asset).spot);
  if (has_weights(i.kind)) set_weights(i, c);
}

void ContractPlanner::observe_at(Instrument const& instrument, kernels::ContractPlan& contract, std::uint32_t index) {
  std::uint32_t const last = find_time(grid_, instrument.expiry_years);
  if (watches_every_step(contract.payoff)) {
    MUSTER_REQUIRE(asset(contract.asset).cash_dividends.empty(),
                   "instrument {} is watched continuously on {}, which pays cash dividends (a bridge cannot cross a "
                   "dividend); use monitoring = \"discrete\" or a dividend yield",
                   instrument.name, asset(contract.asset).name);
    for (std::uint32_t s = 0; s <= last; ++s) events_[s].push_back({kernels::Event::What::observe, index});
  } else {
    for (double fixing : instrument.fixing_years) {
      std::uint32_t const s = find_time(grid_, fixing);
      events_[s].push_back({kernels::Event::What::observe, index});
      contract.log_forward_sum += plan_.log_forward[(std::size_t{s} + 1) * plan_.assets + contract.asset];
    }
  }
  events_[last].push_back({kernels::Event::What::expire, index});
  contract.expiry_step = last;
}

double ContractPlanner::add(Instrument const& instrument, std::int32_t strategy) {
  kernels::ContractPlan contract;
  auto const index = static_cast<std::uint32_t>(plan_.contracts.size());
  set_payoff(instrument, contract);
  observe_at(instrument, contract, index);
  contract.discount = plan_.discount[std::size_t{contract.expiry_step} + 1];
  contract.first_slot = plan_.slots_per_path;
  plan_.slots_per_path += slots_of(contract.payoff);
  contract.quantity = instrument.quantity * instrument.multiplier;
  contract.strategy = strategy;
  contract.control_scale_in = contract.discount;
  double mean = 0;
  double reach = 0;
  for (std::size_t k = 0; k < instrument.assets.size(); ++k) {
    double const weight = has_weights(instrument.kind) && k < instrument.weights.size() ? instrument.weights[k] : 1.0;
    mean += weight * mean_spot(local(instrument.assets[k]), instrument.expiry_years);
    reach += std::abs(weight) * spot_bound(local(instrument.assets[k]), instrument.expiry_years);
  }
  control_means_.push_back(contract.discount * mean);
  double const bound = std::max(contract.discount, 1.0) * payoff_bound(instrument);
  contract.scale = grid_scale(bound);
  contract.control_scale = grid_scale(contract.discount * reach);
  plan_.contracts.push_back(contract);
  return bound;
}

}  // namespace muster::jobs::price
