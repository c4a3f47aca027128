// The part of the market that one group of contracts sees, as it is or bumped for a derivative.
#pragma once

#include <cstddef>
#include <vector>

#include "jobs/price/groups.hpp"
#include "jobs/price/params.hpp"

namespace muster::jobs::price {

struct GroupMarket {
  ModelKind model = ModelKind::black_scholes;
  Curve rate;
  std::vector<Asset> assets;         ///< the group's, in its order
  std::vector<double> correlation;   ///< row-major, assets x assets
  double elapsed = 0;                ///< years gone by with all dates kept; may be negative
};

GroupMarket make_group_market(Params const& params, Group const& group);

/// E[exp(J)] of a log jump J.
double mean_jump(Merton const& jumps);

/// Integrals from the market's now to the date that was `years` away at first. Time passes off the front: an
/// integral loses the value in force at time zero times what has elapsed.
double rate_to(GroupMarket const& market, double years);
double dividend_to(GroupMarket const& market, std::size_t asset, double years);
/// Of the squared volatility; under Heston the expected variance.
double variance_to(GroupMarket const& market, std::size_t asset, double years);
/// The time itself.
double time_to(GroupMarket const& market, double years);

/// Expectation of an asset's spot at a date, cash dividends taken off, today's spot times `scale`.
double mean_spot(GroupMarket const& market, std::size_t asset, double years, double scale = 1);

/// What the spot of an asset stays under up to a date but for a probability below 1e-15 a path: a path beyond fails
/// the job rather than bend a sum. Nine standard deviations under Black-Scholes, Chernoff's bound otherwise,
/// and never beyond exp(14) times the forward.
double spot_bound(GroupMarket const& market, std::size_t asset, double years);

/// Whether the spot has a variance at that date; under Heston's model it may explode, and standard errors with it.
bool has_variance(GroupMarket const& market, std::size_t asset, double years);

}  // namespace muster::jobs::price
