// Which closed form prices an instrument in a market, and its numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// Derivatives by one underlying: delta and gamma per 1 of spot; vega, vanna, volga per 1.00 of
/// parallel volatility. Under Heston the last three do not exist and are NaN.
struct ClosedAssetGreeks {
  double delta = 0, gamma = 0, vega = 0, vanna = 0, volga = 0;
};

/// Derivatives by the Heston parameters, per 1.00.
struct ClosedHestonGreeks {
  double v0 = 0, kappa = 0, theta = 0, xi = 0, rho = 0;
};

/// A closed-form value for unit quantity and multiplier 1, or why there is none.
struct ClosedValue {
  bool available = false;
  std::string why_not;  ///< set when not available; a clause for people
  std::string method;   ///< the formula's name; says "escrowed dividends" where it uses them
  double price = 0;     ///< in the instrument's currency, per unit of underlying
  std::vector<ClosedAssetGreeks> assets;  ///< one for each of Instrument::assets, in their order
  double rho = 0;    ///< per 1.00 of parallel rate
  double theta = 0;  ///< per year, dates and known fixings kept
  double cross_gamma = 0;       ///< two assets only
  double correlation_vega = 0;  ///< two assets only, per 1.00 of correlation
  std::optional<ClosedHestonGreeks> heston;

  /// One output by its enumerator; `asset` is a position in Instrument::assets. Empty where the output
  /// does not exist for this instrument and model.
  std::optional<double> output(Output wanted, std::size_t asset = 0) const;
};

/// The closed form of `instrument` in `market`. Both must have passed the job file's checks.
/// Never throws for a missing formula: see ClosedValue::why_not.
ClosedValue closed_form(Market const& market, Instrument const& instrument);

}  // namespace muster::jobs::price
