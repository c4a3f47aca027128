#include "jobs/price/sensitivity.hpp"

#include <algorithm>

namespace muster::jobs::price {

std::string_view name_of(Measure measure) {
  switch (measure) {
    case Measure::price: return "price";
    case Measure::delta: return "delta";
    case Measure::gamma: return "gamma";
    case Measure::vega: return "vega";
    case Measure::vanna: return "vanna";
    case Measure::volga: return "volga";
    case Measure::rho: return "rho";
    case Measure::theta: return "theta";
    case Measure::cross_gamma: return "cross_gamma";
    case Measure::correlation_vega: return "correlation_vega";
    case Measure::vega_v0: return "vega_v0";
    case Measure::vega_kappa: return "vega_kappa";
    case Measure::vega_theta: return "vega_theta";
    case Measure::vega_xi: return "vega_xi";
    case Measure::vega_rho: return "vega_rho";
  }
  return "";
}

std::string unit_of(Measure measure, std::string const& currency) {
  switch (measure) {
    case Measure::price: return currency;
    case Measure::delta: return currency + " per 1 of spot";
    case Measure::gamma:
    case Measure::cross_gamma: return currency + " per 1 of spot squared";
    case Measure::vega: return currency + " per 1.00 of volatility";
    case Measure::vanna: return currency + " per 1 of spot per 1.00 of volatility";
    case Measure::volga: return currency + " per 1.00 of volatility squared";
    case Measure::rho: return currency + " per 1.00 of rate";
    case Measure::theta: return currency + " per year";
    case Measure::correlation_vega: return currency + " per 1.00 of correlation";
    case Measure::vega_v0: return currency + " per 1.00 of v0";
    case Measure::vega_kappa: return currency + " per 1.00 of kappa";
    case Measure::vega_theta: return currency + " per 1.00 of theta";
    case Measure::vega_xi: return currency + " per 1.00 of xi";
    case Measure::vega_rho: return currency + " per 1.00 of rho";
  }
  return "";
}

int asset_count(Measure measure) {
  switch (measure) {
    case Measure::delta:
    case Measure::gamma:
    case Measure::vega:
    case Measure::vanna:
    case Measure::volga: return 1;
    case Measure::cross_gamma:
    case Measure::correlation_vega: return 2;
    default: return 0;
  }
}

std::vector<Measure> measures_of(Params const& params) {
  bool const heston = params.market.model == ModelKind::heston;
  std::vector<Measure> measures{Measure::price};
  auto const add = [&](Measure measure) {
    if (std::find(measures.begin(), measures.end(), measure) == measures.end()) measures.push_back(measure);
  };
  for (Output output : params.outputs) {
    if (output == Output::implied_volatility) continue;  // of the price, not a row of its own
    bool const by_volatility = output == Output::vega || output == Output::vanna || output == Output::volga;
    if (!heston || !by_volatility) add(static_cast<Measure>(output));
    if (heston && output == Output::vega)
      for (Measure m : {Measure::vega_v0, Measure::vega_kappa, Measure::vega_theta, Measure::vega_xi, Measure::vega_rho}) add(m);
  }
  return measures;
}

std::vector<Sensitivity> sensitivities(std::vector<Measure> const& measures, std::vector<std::uint32_t> const& assets) {
  std::vector<Sensitivity> rows;
  auto const is_first = [&](std::size_t i) {
    auto const at = assets.begin() + static_cast<std::ptrdiff_t>(i);
    return std::find(assets.begin(), at, assets[i]) == at;
  };
  for (Measure measure : measures) {
    if (asset_count(measure) == 0) rows.push_back({measure});
    for (std::size_t i = 0; i < assets.size() && asset_count(measure) > 0; ++i) {
      if (asset_count(measure) == 1 && is_first(i)) rows.push_back({measure, assets[i]});
      for (std::size_t j = i + 1; j < assets.size() && asset_count(measure) == 2; ++j)
        if (is_first(i) && is_first(j) && assets[i] != assets[j])
          rows.push_back({measure, std::min(assets[i], assets[j]), std::max(assets[i], assets[j])});
    }
  }
  return rows;
}

}  // namespace muster::jobs::price
