#include "jobs/price/implied.hpp"

#include <limits>

#include "jobs/price/curves.hpp"
#include "jobs/price/group_market.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::price {
namespace {

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

kernels::ImpliedInput input(Params const& params, Instrument const& instrument, double price) {
  int const is_call = instrument.right == Right::call ? 1 : 0;
  double const years = instrument.expiry_years;
  if (instrument.quote)
    return {price, instrument.quote->forward, instrument.strike, years, instrument.quote->discount, is_call};
  auto const market = make_group_market(params, {instrument.assets, {}});
  return {price, mean_spot(market, 0, years), instrument.strike, years, kernels::exact_exp(-rate_to(market, years)), is_call};
}

/// Black's vega: that of Black-Scholes on the forward as spot, which grows at no rate.
double vega(kernels::ImpliedInput const& in, double volatility) {
  double const rate = -kernels::exact_log(in.discount) / in.years;
  kernels::BsInput const bs{in.forward, in.strike, in.years, rate, rate, volatility, in.is_call};
  kernels::BsOutput out{};
  kernels::black_scholes({&bs, 1}, {&out, 1});
  return out.vega;
}

}  // namespace

std::vector<Estimate> implied_volatilities(Params const& params, std::vector<Estimate> const& prices) {
  std::vector<Estimate> volatilities(prices.size(), {absent, absent});
  for (std::size_t i = 0; i < prices.size(); ++i) {
    if (params.instruments[i].kind != InstrumentKind::european) continue;
    auto const in = input(params, params.instruments[i], prices[i].mean);
    kernels::ImpliedOutput out{};
    kernels::implied_volatility({&in, 1}, {&out, 1});
    if (!kernels::has_volatility(out.status)) continue;
    volatilities[i] = {out.volatility, prices[i].standard_error / vega(in, out.volatility)};
  }
  return volatilities;
}

}  // namespace muster::jobs::price
