#include "jobs/price/controls.hpp"

#include "kernels/closed_forms.hpp"

namespace muster::jobs::price {

bool has_geometric_control(GroupMarket const& market, Instrument const& instrument) {
  return instrument.kind == InstrumentKind::asian && instrument.averaging == Averaging::arithmetic &&
         market.model == ModelKind::black_scholes && !instrument.fixing_years.empty() &&
         market.assets[0].cash_dividends.empty();
}

double geometric_average_value(GroupMarket const& market, std::size_t asset, Instrument const& instrument, double scale) {
  auto const& i = instrument;
  std::size_t const ahead = i.fixing_years.size();
  auto const count = static_cast<double>(ahead + i.past_fixings.size());
  double const share = 1.0 / count;
  kernels::GeometricInput in;
  in.is_call = i.right == Right::call ? 1 : 0;
  in.is_floating = i.strike_kind == StrikeKind::floating ? 1 : 0;
  in.spot = scale * market.assets[asset].spot;
  in.strike = i.strike;
  in.past = i.past_fixings.data();
  in.past_count = i.past_fixings.size();
  in.fixings = count;
  in.spot_share = share * static_cast<double>(ahead);
  for (std::size_t k = 0; k < ahead; ++k) {
    double const at = i.fixing_years[k];
    double const variance = variance_to(market, asset, at);
    double const pairs = 2.0 * static_cast<double>(ahead - 1 - k) + 1.0;  // those whose earlier fixing is this one
    in.mean.value += share * (rate_to(market, at) - dividend_to(market, asset, at) - 0.5 * variance);
    in.variance.value += share * share * pairs * variance;
    in.covariance.value += share * variance;
  }
  in.rate.value = rate_to(market, i.expiry_years);
  in.dividend.value = dividend_to(market, asset, i.expiry_years);
  in.asset_variance.value = variance_to(market, asset, i.expiry_years);
  return kernels::geometric_asian(in).price;
}

}  // namespace muster::jobs::price
