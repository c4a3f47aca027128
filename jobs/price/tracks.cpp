#include "jobs/price/tracks.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/scalar_math.hpp"

namespace muster::jobs::price {
namespace {

using kernels::exact_exp;
using kernels::exact_log;

/// Jumps a step, at most: more than eight in one step are then a 1e-11 event.
constexpr double most_jumps_per_step = 0.25;

/// Lower-triangular root of a positive semi-definite correlation matrix.
std::vector<double> cholesky(GroupMarket const& market) {
  std::size_t const n = market.assets.size();
  std::vector<double> root(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = market.correlation[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= root[i * n + k] * root[j * n + k];
      if (i == j)
        root[i * n + i] = sum > 0 ? std::sqrt(sum) : 0.0;  // a semi-definite matrix ends in zeros
      else
        root[i * n + j] = root[j * n + j] > 1e-12 ? sum / root[j * n + j] : 0.0;
    }
  }
  return root;
}

/// A coefficient as the paths will read it: what is derived from it on the host must see the same number.
double as_simulated(kernels::PathPlan const& plan, double c) {
  return plan.single_precision ? static_cast<double>(static_cast<float>(c)) : c;
}

/// Standard deviation of an asset's diffusion over a step.
double step_deviation(GroupMarket const& market, std::size_t a, double from, double to) {
  double const variance = variance_to(market, a, to) - variance_to(market, a, from);
  return std::sqrt(variance > 0 ? variance : 0.0);
}

std::vector<double> add_gbm(GroupMarket const& market, std::vector<double> const& grid, kernels::PathPlan& plan) {
  std::size_t const n = market.assets.size();
  std::vector<double> const root = cholesky(market);
  std::vector<double> so_far(plan.assets, 0.0);
  std::vector<double> correction;
  for (std::size_t s = 0; s < grid.size(); ++s) {
    double const from = s == 0 ? 0.0 : grid[s - 1];
    for (std::size_t a = 0; a < plan.assets; ++a) {
      double const deviation = a < n ? step_deviation(market, a, from, grid[s]) : 0.0;
      double variance = 0;
      for (std::size_t b = 0; b <= a; ++b) {
        double const c = as_simulated(plan, a < n ? deviation * root[a * n + b] : 0.0);
        plan.coefficients.push_back(c);
        variance += c * c;
      }
      plan.variance.push_back(variance);
      so_far[a] += 0.5 * variance;
      correction.push_back(so_far[a]);
    }
  }
  return correction;
}

/// The z that a standard normal exceeds with the given probability, by bisection: set-up code, any speed will do.
double normal_quantile(double upper_tail) {
  // P(Z > z) by the continued fraction for z > 1 and the series below; monotone, so bisection is safe.
  auto const tail = [](double z) {
    double const density = exact_exp(-0.5 * z * z) * 0.3989422804014326779;
    if (z < 2.0) {
      double term = z;
      double sum = z;
      for (int k = 1; k < 200; ++k) {
        term *= z * z / (2 * k + 1);
        sum += term;
      }
      return 0.5 - density * sum;
    }
    double fraction = 0;
    for (int k = 200; k >= 1; --k) fraction = k / (z + fraction);
    return density / (z + fraction);
  };
  double low = -2.0;  // a step holds fewer jumps than 1 - P(none) < 0.23
  double high = 12.0;
  for (int k = 0; k < 80; ++k) {
    double const middle = 0.5 * (low + high);
    (tail(middle) > upper_tail ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::vector<double> add_merton(GroupMarket const& market, std::vector<double> const& grid, kernels::PathPlan& plan) {
  auto const& jumps = market.assets[0].merton;
  double const growth = mean_jump(jumps) - 1.0;
  std::vector<double> correction;
  double so_far = 0;
  for (std::size_t s = 0; s < grid.size(); ++s) {
    double const from = s == 0 ? 0.0 : grid[s - 1];
    double const time = time_to(market, grid[s]) - time_to(market, from);
    double const c = as_simulated(plan, step_deviation(market, 0, from, grid[s]));
    plan.coefficients.insert(plan.coefficients.end(), {c, jumps.jump_mean, jumps.jump_volatility});
    double const expected = jumps.intensity * time;
    double none = exact_exp(-expected);
    double at_least = 1.0 - none;
    double probability = none;
    for (int k = 1; k <= 8; ++k) {
      plan.coefficients.push_back(at_least > 1e-18 ? normal_quantile(at_least) : 12.0);
      probability *= expected / k;
      // The tail by its own series: no cancellation.
      double term = probability;
      double tail = 0;
      for (int j = k + 1; j < k + 30; ++j) {
        term *= expected / j;
        tail += term;
      }
      at_least = tail;
    }
    plan.variance.push_back(c * c);
    so_far += 0.5 * c * c + expected * growth;
    correction.push_back(so_far);
  }
  return correction;
}

std::vector<double> add_heston(GroupMarket const& market, std::vector<double> const& grid, kernels::PathPlan& plan) {
  auto const& h = market.assets[0].heston;
  double const xi2 = h.xi * h.xi;
  for (std::size_t s = 0; s < grid.size(); ++s) {
    double const from = s == 0 ? 0.0 : grid[s - 1];
    double const dt = time_to(market, grid[s]) - time_to(market, from);
    double const decay = exact_exp(-h.kappa * dt);
    double const lag = h.kappa > 0 ? (1.0 - decay) / h.kappa : dt;
    double const k2 = 0.5 * dt * (h.kappa * h.rho / h.xi - 0.5) + h.rho / h.xi;
    double const k3 = 0.5 * dt * (1.0 - h.rho * h.rho);
    double const k1 = 0.5 * dt * (h.kappa * h.rho / h.xi - 0.5) - h.rho / h.xi;
    plan.coefficients.insert(plan.coefficients.end(),
                             {decay, h.theta * h.kappa * lag, xi2 * decay * lag, 0.5 * h.theta * h.kappa * xi2 * lag * lag,
                              k2, k2 + 0.5 * k3, k3, 0.5 * k3, 0.5 * dt, -h.rho * h.kappa * h.theta * dt / h.xi, k1});
    plan.variance.push_back(0.0);
  }
  plan.start.push_back(h.v0);
  return std::vector<double>(grid.size(), 0.0);
}

}  // namespace

double least_steps_per_year(GroupMarket const& market) {
  if (market.model != ModelKind::merton) return 0;
  return market.assets[0].merton.intensity / most_jumps_per_step;
}

std::vector<double> add_track(GroupMarket const& market, std::vector<double> const& grid, kernels::PathPlan& plan) {
  switch (market.model) {
    case ModelKind::merton: return add_merton(market, grid, plan);
    case ModelKind::heston: return add_heston(market, grid, plan);
    case ModelKind::black_scholes: break;
  }
  return add_gbm(market, grid, plan);
}

void add_scenario(GroupMarket const& market, std::vector<double> const& grid, std::vector<double> const& correction,
                  std::uint32_t track, kernels::PathPlan& plan) {
  std::size_t const n = market.assets.size();
  plan.track.push_back(track);
  for (std::size_t a = 0; a < plan.assets; ++a) {
    double const spot = a < n ? market.assets[a].spot : 1.0;
    plan.forward.push_back(a < n ? spot : 0.0);
    plan.log_forward.push_back(exact_log(spot));
  }
  plan.discount.push_back(1.0);
  for (std::size_t s = 0; s < grid.size(); ++s) {
    for (std::size_t a = 0; a < plan.assets; ++a) {
      double log_forward = 0;
      if (a < n)
        log_forward = exact_log(market.assets[a].spot) + rate_to(market, grid[s]) - dividend_to(market, a, grid[s]) -
                      correction[s * plan.assets + a];
      plan.log_forward.push_back(log_forward);
      plan.forward.push_back(a < n ? exact_exp(log_forward) : 0.0);
    }
    plan.discount.push_back(exact_exp(-rate_to(market, grid[s])));
  }
}

void add_dividend_shares(kernels::PathPlan& plan) {
  if (plan.dividend.empty()) return;
  std::size_t const first = plan.forward.size() - std::size_t{plan.steps} * plan.assets;
  for (std::size_t i = 0; i < plan.dividend.size(); ++i)
    plan.dividend_share.push_back(plan.dividend[i] > 0 ? plan.dividend[i] / plan.forward[first + i] : 0.0);
}

}  // namespace muster::jobs::price
