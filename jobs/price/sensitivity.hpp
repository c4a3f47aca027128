// What a row of sums estimates: a value or one of its derivatives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// The outputs but implied_volatility, in their order and with their values; then Heston's.
enum class Measure {
  price, delta, gamma, vega, vanna, volga, rho, theta, cross_gamma, correlation_vega,
  vega_v0, vega_kappa, vega_theta, vega_xi, vega_rho,  ///< Heston's
};

inline constexpr std::size_t measure_count = 15;
static_assert(static_cast<int>(Measure::price) == static_cast<int>(Output::price) &&
              static_cast<int>(Measure::correlation_vega) == static_cast<int>(Output::correlation_vega));

/// A measure and the assets it is by, as indices of whoever holds it (0 where it has none).
struct Sensitivity {
  Measure measure = Measure::price;
  std::uint32_t asset = 0;
  std::uint32_t other = 0;
  friend bool operator==(Sensitivity const&, Sensitivity const&) = default;
};

/// "delta", "vega_kappa".
std::string_view name_of(Measure measure);
/// "USD per 1 of spot".
std::string unit_of(Measure measure, std::string const& currency);

/// By how many assets a measure is: 0 for the price and what is by rates, time or Heston's parameters, 2 for pairs.
int asset_count(Measure measure);

/// The measures that the job's outputs mean under its model, the price first: vega is five under Heston.
std::vector<Measure> measures_of(Params const& params);

/// The rows of a contract on `assets`: its price, then every measure by each asset or pair it is by.
std::vector<Sensitivity> sensitivities(std::vector<Measure> const& measures, std::vector<std::uint32_t> const& assets);

}  // namespace muster::jobs::price
