#include "jobs/price/evaluations.hpp"

#include <algorithm>
#include <cmath>

#include "jobs/price/closed_terms.hpp"
#include "jobs/price/curves.hpp"

namespace muster::jobs::price {
namespace {

using kernels::Score;

constexpr double least_spot_step = 1e-5;

/// True for a payoff that jumps where a path touches a barrier.
bool is_barrier(InstrumentKind kind) { return kind == InstrumentKind::barrier || kind == InstrumentKind::double_barrier; }

bool is_digital(InstrumentKind kind) {
  return kind == InstrumentKind::digital_cash || kind == InstrumentKind::digital_asset;
}

}  // namespace

double bump_width(InstrumentKind kind) { return is_barrier(kind) || is_digital(kind) ? 1.0 / 8 : 1.0 / 16; }

EvaluationPlanner::EvaluationPlanner(Instrument const& instrument, std::vector<std::uint32_t> const& assets,
                                     Scenarios& scenarios, bool dividends)
    : instrument_(instrument), assets_(assets), scenarios_(scenarios), dividends_(dividends) {}

double EvaluationPlanner::spot_step(std::uint32_t asset) const {
  auto const& market = scenarios_.market(0);
  double const variance = std::max(variance_to(market, asset, instrument_.expiry_years), 0.0);
  double step = bump_width(instrument_.kind) * std::sqrt(variance);
  // Two steps must not cross a barrier.
  auto const stay_within = [&](double barrier) { step = std::min(step, std::abs(barrier / spot(asset) - 1.0) / 3); };
  if (is_barrier(instrument_.kind)) stay_within(instrument_.barrier);
  if (instrument_.kind == InstrumentKind::double_barrier) stay_within(instrument_.upper_barrier);
  return std::max(step, least_spot_step);
}

Valuation EvaluationPlanner::moved(std::uint32_t asset, std::int32_t steps, Valuation from) const {
  if (steps == 0) return from;
  auto const a = static_cast<std::int32_t>(asset);
  int const place = from.asset[0] >= 0 ? 1 : 0;
  from.asset[place] = a;
  from.steps[place] = steps;
  return from;
}

/// Heston's digitals are smooth given the variance (kernels/price/events.hpp), and need no score.
bool EvaluationPlanner::is_scored() const {
  return is_digital(instrument_.kind) && !dividends_ && scenarios_.market(0).model != ModelKind::heston;
}

void EvaluationPlanner::put_score(std::uint32_t row, double weight, Score score) {
  Valuation valuation;
  valuation.score = score;
  put(row, weight, valuation);
}

/// Derivatives by the density of the log spot: mean m, Gaussian variance w. d/dw = (d^2/dm^2 - d/dm) / 2.
void EvaluationPlanner::add_scored(std::uint32_t row, Sensitivity const& what) {
  auto const& market = scenarios_.market(0);
  double const years = instrument_.expiry_years;
  double const by_spot = 1.0 / spot(what.asset);
  auto const& asset = market.assets[what.asset];
  auto const variance = variance_term(asset.volatility, years);
  auto const by_variance = [&](double factor) {
    put_score(row, 0.5 * factor, Score::second);
    put_score(row, -0.5 * factor, Score::first);
  };
  switch (what.measure) {
    case Measure::delta: return put_score(row, by_spot, Score::first);
    case Measure::gamma:
      put_score(row, by_spot * by_spot, Score::second);
      return put_score(row, -by_spot * by_spot, Score::first);
    case Measure::vega: return by_variance(variance.by_volatility);
    case Measure::vanna:
      put_score(row, 0.5 * by_spot * variance.by_volatility, Score::third);
      return put_score(row, -0.5 * by_spot * variance.by_volatility, Score::second);
    case Measure::volga: {
      by_variance(variance.by_volatility2);
      double const square = variance.by_volatility * variance.by_volatility;
      put_score(row, 0.25 * square, Score::fourth);
      put_score(row, -0.5 * square, Score::third);
      return put_score(row, 0.25 * square, Score::second);
    }
    case Measure::rho:
      put_score(row, years, Score::first);
      return put_score(row, -years, Score::none);
    default: break;
  }
  // Theta: discount, forward, variance and jumps lose what is in force now.
  double const rate = front_value(market.rate);
  double drift = front_value(asset.dividend) - rate;
  put_score(row, rate, Score::none);
  if (market.model == ModelKind::merton) {
    auto const& jumps = asset.merton;
    drift += jumps.intensity * (mean_jump(jumps) - 1.0);
    put_score(row, jumps.intensity, Score::none);
    put_score(row, -1.0 / years, Score::jumps);
  }
  put_score(row, drift, Score::first);
  double const volatility = front_value(asset.volatility);
  by_variance(-volatility * volatility);
}

/// Theta by the Black-Scholes equation, r V - (r - q) S delta - sigma^2 S^2 gamma / 2: a bump of time would move the
/// first step alone, and a barrier answers to that with noise.
void EvaluationPlanner::theta_by_equation(std::uint32_t row) {
  auto const& market = scenarios_.market(0);
  std::uint32_t const a = assets_.front();
  double const rate = front_value(market.rate);
  double const volatility = front_value(market.assets[a].volatility);
  double const s = spot(a);
  add(row, {Measure::price}, rate);
  add(row, {Measure::delta, a}, -(rate - front_value(market.assets[a].dividend)) * s);
  add(row, {Measure::gamma, a}, -0.5 * volatility * volatility * s * s);
}

void EvaluationPlanner::add(std::uint32_t row, Sensitivity const& what, double factor) {
  std::uint32_t const a = what.asset;
  auto const by_spot = [&](std::uint32_t asset) { return 1.0 / (spot_step(asset) * spot(asset)); };
  auto const with_volatility = [&](std::int32_t steps) {
    Valuation valuation;
    if (steps != 0) {
      valuation.bump.volatility_asset = static_cast<std::int32_t>(a);
      valuation.bump.volatility_steps = steps;
    }
    return valuation;
  };
  switch (what.measure) {
    case Measure::price: return put(row, factor, {});
    case Measure::delta:
      for (auto [k, w] : first_of_four().points) put(row, factor * w * by_spot(a), moved(a, k));
      return;
    case Measure::gamma:
      for (auto [k, w] : second_of_five().points) put(row, factor * w * by_spot(a) * by_spot(a), moved(a, k));
      return;
    case Measure::vega:
      for (auto [k, w] : first_of_four().points) put(row, w / scenarios_.volatility_step(a), with_volatility(k));
      return;
    case Measure::volga: {
      double const step = scenarios_.volatility_step(a);
      for (auto [k, w] : second_of_five().points) put(row, w / (step * step), with_volatility(k));
      return;
    }
    case Measure::vanna:
      for (auto [k, w] : first_of_four().points)
        for (auto [j, u] : first_of_four().points)
          put(row, w * u * by_spot(a) / scenarios_.volatility_step(a), moved(a, j, with_volatility(k)));
      return;
    case Measure::cross_gamma:
      for (std::int32_t k : {1, 2})
        for (std::int32_t i : {-k, k})
          for (std::int32_t j : {-k, k}) {
            double const weight = (k == 1 ? 1.0 / 3 : -1.0 / 48) * (i == j ? 1.0 : -1.0);
            put(row, weight * by_spot(a) * by_spot(what.other), moved(what.other, j, moved(a, i)));
          }
      return;
    default: break;
  }
  for (auto [k, w] : scenarios_.stencil(what.measure).points) {
    Valuation valuation;
    if (k != 0) {
      valuation.bump.by = what.measure;
      valuation.bump.steps = k;
    }
    if (k != 0 && what.measure == Measure::correlation_vega) {
      valuation.bump.asset = what.asset;
      valuation.bump.other = what.other;
    }
    put(row, w / scenarios_.step(what.measure), valuation);
  }
}

Weights EvaluationPlanner::weights(std::vector<Sensitivity> const& rows) {
  weights_.clear();
  weights_[{}];
  bool const diffuses = scenarios_.market(0).model == ModelKind::black_scholes;
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    auto what = rows[row];
    if (what.measure != Measure::price && is_scored())
      add_scored(row, what.measure == Measure::rho || what.measure == Measure::theta ? Sensitivity{what.measure, assets_.front()} : what);
    else if (what.measure == Measure::theta && is_barrier(instrument_.kind) && diffuses)
      theta_by_equation(row);
    else
      add(row, what, 1.0);
  }
  return weights_;
}

}  // namespace muster::jobs::price
