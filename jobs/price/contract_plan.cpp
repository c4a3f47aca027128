#include "jobs/price/contract_plan.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "jobs/price/controls.hpp"
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
                                 Scenarios& scenarios, kernels::PathPlan& plan)
    : params_(params),
      group_(group),
      grid_(grid),
      scenarios_(scenarios),
      plan_(plan),
      measures_(measures_of(params)),
      events_(grid.size()) {}

std::uint32_t ContractPlanner::local(std::uint32_t market_asset) const {
  auto const at = std::find(group_.assets.begin(), group_.assets.end(), market_asset);
  return static_cast<std::uint32_t>(at - group_.assets.begin());
}

std::vector<std::uint32_t> ContractPlanner::local_assets(Instrument const& instrument) const {
  std::vector<std::uint32_t> assets;
  for (std::uint32_t a : instrument.assets) assets.push_back(local(a));
  return assets;
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

void ContractPlanner::observe_at(Instrument const& instrument, kernels::ContractPlan const& contract, std::uint32_t index) {
  std::uint32_t const last = find_time(grid_, instrument.expiry_years);
  if (watches_every_step(contract.payoff)) {
    MUSTER_REQUIRE(asset(contract.asset).cash_dividends.empty(),
                   "instrument {} is watched continuously on {}, which pays cash dividends (a bridge cannot cross a "
                   "dividend); use monitoring = \"discrete\" or a dividend yield",
                   instrument.name, asset(contract.asset).name);
    for (std::uint32_t s = 0; s <= last; ++s) events_[s].push_back({kernels::Event::What::observe, index});
  } else {
    for (double fixing : instrument.fixing_years)
      events_[find_time(grid_, fixing)].push_back({kernels::Event::What::observe, index});
  }
  events_[last].push_back({kernels::Event::What::expire, index});
}

kernels::Evaluation ContractPlanner::make_evaluation(Instrument const& instrument, kernels::ContractPlan const& contract,
                                                     Valuation const& valuation, EvaluationPlanner const& planner) {
  kernels::Evaluation made;
  made.scenario = scenarios_.get(valuation.bump);
  made.score = valuation.score;
  for (int k = 0; k < 2; ++k) {
    if (valuation.asset[k] < 0) continue;
    auto const a = static_cast<std::uint32_t>(valuation.asset[k]);
    made.scaled_asset[k] = valuation.asset[k];
    made.spot_scale[k] = 1.0 + valuation.steps[k] * planner.spot_step(a);
    if (a == contract.asset) made.scale_of_asset = made.spot_scale[k];
  }
  made.log_scale = made.scale_of_asset == 1.0 ? 0.0 : exact_log(made.scale_of_asset);
  made.first_slot = plan_.slots_per_path;
  plan_.slots_per_path += contract.slot_count;
  if (contract.payoff == PathPayoff::asian_geometric || contract.geometric_control != 0)
    for (double fixing : instrument.fixing_years)
      made.log_forward_sum +=
          plan_.log_forward[(std::size_t{made.scenario} * (plan_.steps + 1) + find_time(grid_, fixing) + 1) * plan_.assets +
                            contract.asset] +
          made.log_scale;
  if (made.score == kernels::Score::none) return made;
  double variance = 0;
  std::uint32_t const last = find_time(grid_, instrument.expiry_years);
  for (std::uint32_t s = 0; s <= last; ++s) variance += plan_.variance[std::size_t{s} * plan_.assets];
  if (variance > 0) made.gaussian_variance = variance;
  return made;
}

/// |He_n(z)| at nine standard deviations, over the deviation to the n-th power; jumps are bounded like spots.
double ContractPlanner::score_bound(Instrument const& instrument, kernels::Evaluation const& evaluation) const {
  double const deviation = std::sqrt(evaluation.gaussian_variance);
  switch (evaluation.score) {
    case kernels::Score::none: return 1;
    case kernels::Score::first: return 9 / deviation;
    case kernels::Score::second: return 80 / (deviation * deviation);
    case kernels::Score::third: return 702 / (deviation * deviation * deviation);
    case kernels::Score::fourth: return 6078 / (deviation * deviation * deviation * deviation);
    case kernels::Score::jumps: break;
  }
  return 32 + 8 * asset(0).merton.intensity * instrument.expiry_years;
}

ContractPlanner::Reach ContractPlanner::reach(Instrument const& instrument, kernels::Evaluation const& evaluation) {
  auto const& market = scenarios_.market(evaluation.scenario);
  double const discount =
      plan_.discount[std::size_t{evaluation.scenario} * (plan_.steps + 1) + find_time(grid_, instrument.expiry_years) + 1];
  double spots = 0;
  double mean = 0;
  double reached = 0;
  for (std::size_t k = 0; k < instrument.assets.size(); ++k) {
    std::uint32_t const a = local(instrument.assets[k]);
    double scale = 1;
    for (int n = 0; n < 2; ++n)
      if (evaluation.scaled_asset[n] == static_cast<std::int32_t>(a)) scale = evaluation.spot_scale[n];
    double const given = k < instrument.weights.size() ? instrument.weights[k] : 1.0;
    double const weight = has_weights(instrument.kind) ? given : 1.0;
    double const bound = scale * scenarios_.spot_bound(evaluation.scenario, a, instrument.expiry_years);
    spots += std::abs(given) * bound;
    reached += std::abs(weight) * bound;
    mean += weight * mean_spot(market, a, instrument.expiry_years, scale);
  }
  for (double fixing : instrument.past_fixings) spots = std::max(spots, fixing);
  spots = std::max(spots, instrument.extremum);
  double sample = spots + instrument.strike + instrument.rebate;
  if (instrument.kind == InstrumentKind::digital_cash) sample = std::abs(instrument.payout);
  if (instrument.kind == InstrumentKind::digital_asset) sample = spots;
  double const score = score_bound(instrument, evaluation);
  double const bound = std::max(discount, 1.0) * sample * score;
  if (has_geometric_control(market, instrument))
    return {bound, bound, geometric_average_value(market, local(instrument.assets.front()), instrument, evaluation.scale_of_asset)};
  double expected = discount * mean;
  if (evaluation.score == kernels::Score::jumps) {
    auto const& jumps = market.assets[0].merton;
    expected *= jumps.intensity * instrument.expiry_years * mean_jump(jumps);
  }
  return {bound, discount * reached * score, expected};
}

void ContractPlanner::add(Instrument const& instrument, std::int32_t strategy, std::vector<Sensitivity> const& total_rows) {
  kernels::ContractPlan contract;
  auto const index = static_cast<std::uint32_t>(plan_.contracts.size());
  set_payoff(instrument, contract);
  observe_at(instrument, contract, index);
  contract.slot_count = slots_of(contract.payoff);
  if (plan_.control && has_geometric_control(scenarios_.market(0), instrument)) {
    contract.geometric_control = 1;
    contract.slot_count = 2;
    for (double fixing : instrument.past_fixings) contract.past_log_sum += exact_log(fixing);
  }
  contract.quantity = instrument.quantity * instrument.multiplier;
  contract.strategy = strategy;
  auto const assets = local_assets(instrument);
  auto const rows = sensitivities(measures_, assets);
  contract.first_row = static_cast<std::uint32_t>(plan_.rows.size());
  contract.row_count = static_cast<std::uint32_t>(rows.size());
  plan_.most_rows = std::max(plan_.most_rows, contract.row_count);
  contract.first_evaluation = static_cast<std::uint32_t>(plan_.evaluations.size());
  EvaluationPlanner planner(instrument, assets, scenarios_, !plan_.dividend.empty());
  std::vector<Reach> totals(rows.size());
  auto const take = [&](Valuation const& valuation, std::map<std::uint32_t, double> const& weights) {
    auto evaluation = make_evaluation(instrument, contract, valuation, planner);
    evaluation.first_term = static_cast<std::uint32_t>(plan_.terms.size());
    Reach const one = reach(instrument, evaluation);
    for (auto [row, weight] : weights) {
      plan_.terms.push_back({row, weight});
      totals[row].sample += std::abs(weight) * one.sample;
      totals[row].control += std::abs(weight) * one.control;
      totals[row].control_mean += weight * one.control_mean;
    }
    evaluation.term_count = static_cast<std::uint32_t>(plan_.terms.size()) - evaluation.first_term;
    plan_.evaluations.push_back(evaluation);
  };
  auto const all = planner.weights(rows);
  take({}, all.at({}));  // the plain value comes first
  for (auto const& [valuation, weights] : all)
    if (valuation != Valuation{}) take(valuation, weights);
  contract.evaluation_count = static_cast<std::uint32_t>(plan_.evaluations.size()) - contract.first_evaluation;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    auto const in_total = std::find(total_rows.begin(), total_rows.end(), rows[r]) - total_rows.begin();
    plan_.rows.push_back({grid_scale(totals[r].sample), grid_scale(totals[r].control), static_cast<std::uint32_t>(in_total)});
    control_means_.push_back(totals[r].control_mean);
    bounds_.push_back(totals[r].sample);
  }
  rows_.push_back(rows);
  plan_.contracts.push_back(contract);
}

}  // namespace muster::jobs::price
