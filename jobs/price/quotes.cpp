#include "jobs/price/quotes.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::price {

bool has_quotes(Params const& params) {
  return std::any_of(params.instruments.begin(), params.instruments.end(),
                     [](Instrument const& instrument) { return instrument.quote.has_value(); });
}

Market quoted_market(Market const& market, Instrument const& instrument) {
  MUSTER_ASSERT(instrument.quote.has_value(), "{} has no quote", instrument.name);
  Quote const& quote = *instrument.quote;
  double const spot = market.assets[instrument.assets.front()].spot;
  double const rate = -kernels::exact_log(quote.discount) / instrument.expiry_years;
  double const growth = kernels::exact_log(quote.forward / spot) / instrument.expiry_years;
  Market own;
  own.rate = {{0.0}, {rate}};
  Asset& asset = own.assets.emplace_back();
  asset.spot = spot;
  asset.dividend = {{0.0}, {rate - growth}};
  asset.volatility = {{0.0}, {quote.volatility}};
  return own;
}

}  // namespace muster::jobs::price
