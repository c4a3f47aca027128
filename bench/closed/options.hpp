// The options of the closed-form benchmark, column by column, and what QuantLib needs for them.
#pragma once

#include <cstddef>
#include <vector>

namespace muster::bench {

struct Options {
  std::vector<double> spot, strike, years, rate, dividend, volatility,
      side;  ///< side 1 call, -1 put
  std::size_t size() const { return spot.size(); }
};

/// What the peer took, and the sum of its prices, to be compared with muster's.
struct PeerTime {
  double ns_an_option, price_sum;
};

/// QuantLib's AnalyticEuropeanEngine: an option is made, its market set, and price, delta, gamma,
/// vega, theta and rho asked for.
PeerTime quantlib_engine(Options const& options);
/// The formula inside that engine alone: BlackCalculator on forward, deviation and discount.
PeerTime quantlib_formula(Options const& options);
char const* quantlib_version();

}  // namespace muster::bench
