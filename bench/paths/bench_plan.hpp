// The contract of the path benchmarks: a one-year at-the-money call, 252 steps, S = K = 100, r 3 %, q 0, vol 20 %; under
// Heston v0 = theta = .04, kappa 1.5, xi .5, rho -.7.
#pragma once

#include <cstdint>

#include "jobs/price/path_group.hpp"

namespace muster::bench {

inline kernels::PathPlan european_plan(bool single, bool antithetic, bool control, std::uint64_t tile_items,
                                       jobs::price::ModelKind model = jobs::price::ModelKind::black_scholes) {
  jobs::price::Params params;
  params.seed = 42;
  params.market.rate = {{0.0}, {0.03}};
  jobs::price::Asset asset;
  asset.name = "A";
  asset.spot = 100;
  asset.volatility = {{0.0}, {0.2}};
  asset.heston = {0.04, 1.5, 0.04, 0.5, -0.7};
  params.market.model = model;
  params.market.assets.push_back(asset);
  params.simulation.tile_paths = antithetic ? 2 * tile_items : tile_items;
  params.simulation.precision =
      single ? jobs::price::Precision::single_precision : jobs::price::Precision::double_precision;
  params.simulation.antithetic = antithetic;
  params.simulation.control_variate = control;
  jobs::price::Instrument call;
  call.name = "call";
  call.strike = 100;
  call.expiry_years = 1;
  params.instruments.push_back(call);
  return jobs::price::make_path_group(params, jobs::price::make_groups(params).front(), 0).plan;
}

}  // namespace muster::bench
