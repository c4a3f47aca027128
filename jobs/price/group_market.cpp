#include "jobs/price/group_market.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "jobs/price/curves.hpp"
#include "jobs/price/time_grid.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::price {
namespace {

using kernels::exact_exp;
using kernels::exact_log;

/// Where a model's moments explode no bound is both safe and fine enough for sums: growth by more than exp(14), which
/// such a model reaches now and then, fails the job.
constexpr double most_log_growth = 14;

constexpr double infinite = std::numeric_limits<double>::infinity();

double lost(GroupMarket const& market, Curve const& curve, double years) {
  return years > 0 ? front_value(curve) * market.elapsed : 0.0;
}

/// ln E[(S / F)^p] of Merton's model: the diffusion's and the compensated jumps' parts.
double merton_log_moment(GroupMarket const& market, std::size_t a, double years, double p) {
  auto const& jumps = market.assets[a].merton;
  auto const growth = [&](double q) {
    return exact_exp(q * jumps.jump_mean + 0.5 * q * q * jumps.jump_volatility * jumps.jump_volatility) - 1.0;
  };
  double const time = time_to(market, years);
  return 0.5 * p * (p - 1) * variance_to(market, a, years) + jumps.intensity * time * (growth(p) - p * growth(1.0));
}

/// ln E[(S / F)^p] of Heston's model: its Riccati equation by Runge and Kutta's fourth-order steps; infinite
/// where the moment explodes.
double heston_log_moment(GroupMarket const& market, std::size_t a, double years, double p) {
  auto const& h = market.assets[a].heston;
  double const time = time_to(market, years);
  constexpr int steps = 512;
  double const dt = time / steps;
  double const pull = h.rho * h.xi * p - h.kappa;
  auto const slope = [&](double d) { return 0.5 * (p * p - p) + pull * d + 0.5 * h.xi * h.xi * d * d; };
  double d = 0;
  double integral = 0;
  for (int k = 0; k < steps; ++k) {
    double const s1 = slope(d);
    double const s2 = slope(d + 0.5 * dt * s1);
    double const s3 = slope(d + 0.5 * dt * s2);
    double const s4 = slope(d + dt * s3);
    double const next = d + dt * (s1 + 2 * s2 + 2 * s3 + s4) / 6;
    if (!(next < 1e4)) return infinite;
    integral += 0.5 * dt * (d + next);
    d = next;
  }
  return h.kappa * h.theta * integral + d * h.v0;
}

/// P(S > k F) <= E[(S / F)^p] / k^p for every p: the k at which the best p gives exp(-36).
double chernoff_factor(GroupMarket const& market, std::size_t a, double years) {
  double best = infinite;
  for (double p = 1.25; p <= 256; p *= 1.25) {
    double const moment =
        market.model == ModelKind::merton ? merton_log_moment(market, a, years, p) : heston_log_moment(market, a, years, p);
    if (!(moment < 1e3)) break;
    best = std::min(best, (moment + 36) / p);
  }
  return exact_exp(std::min(best, most_log_growth));
}

}  // namespace

double mean_jump(Merton const& jumps) {
  return exact_exp(jumps.jump_mean + 0.5 * jumps.jump_volatility * jumps.jump_volatility);
}

GroupMarket make_group_market(Params const& params, Group const& group) {
  GroupMarket made;
  made.model = params.market.model;
  made.rate = params.market.rate;
  std::size_t const n = group.assets.size();
  made.correlation.assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    made.assets.push_back(params.market.assets[group.assets[i]]);
    for (std::size_t j = 0; j < n; ++j) {
      bool const given = !params.market.correlation.empty();
      made.correlation[i * n + j] =
          given ? params.market.correlation[group.assets[i] * params.market.assets.size() + group.assets[j]]
                : (i == j ? 1.0 : 0.0);
    }
  }
  return made;
}

double rate_to(GroupMarket const& market, double years) {
  return integrated_rate(market.rate, years) - lost(market, market.rate, years);
}

double dividend_to(GroupMarket const& market, std::size_t asset, double years) {
  auto const& curve = market.assets[asset].dividend;
  return integrated_rate(curve, years) - lost(market, curve, years);
}

double variance_to(GroupMarket const& market, std::size_t asset, double years) {
  auto const& a = market.assets[asset];
  if (market.model == ModelKind::heston) {
    auto const& h = a.heston;
    double const time = time_to(market, years);
    double const decay = h.kappa > 0 ? (1.0 - exact_exp(-h.kappa * time)) / h.kappa : time;
    return h.theta * (time - decay) + h.v0 * decay;
  }
  double const front = front_value(a.volatility);
  return integrated_variance(a.volatility, years) - (years > 0 ? front * front * market.elapsed : 0.0);
}

double time_to(GroupMarket const& market, double years) { return years > 0 ? years - market.elapsed : 0.0; }

double mean_spot(GroupMarket const& market, std::size_t asset, double years, double scale) {
  auto const growth = [&](double from) {
    return exact_exp((rate_to(market, years) - rate_to(market, from)) -
                     (dividend_to(market, asset, years) - dividend_to(market, asset, from)));
  };
  double mean = scale * market.assets[asset].spot * growth(0);
  for (auto const& dividend : market.assets[asset].cash_dividends)
    if (dividend.years <= years + same_time_years) mean -= dividend.amount * growth(dividend.years);
  return mean;
}

double spot_bound(GroupMarket const& market, std::size_t asset, double years) {
  double const spot = market.assets[asset].spot;
  // The forward's largest value on the way is at a pillar of a curve or at an end.
  double most = 1;
  auto const consider = [&](double at) {
    if (at > 0 && at <= years) most = std::max(most, exact_exp(rate_to(market, at) - dividend_to(market, asset, at)));
  };
  consider(years);
  for (double at : market.rate.years) consider(at);
  for (double at : market.assets[asset].dividend.years) consider(at);
  if (market.model != ModelKind::black_scholes) return spot * most * chernoff_factor(market, asset, years);
  double const deviation = std::sqrt(std::max(variance_to(market, asset, years), 0.0));
  double const at = std::min(deviation, 9.0);  // beyond, 9 d - d^2 / 2 falls
  return spot * std::max(1.0, most * exact_exp(9.0 * at - 0.5 * at * at));
}

bool has_variance(GroupMarket const& market, std::size_t asset, double years) {
  return market.model != ModelKind::heston || heston_log_moment(market, asset, years, 2.0) < infinite;
}

}  // namespace muster::jobs::price
