#include "jobs/price/controls.hpp"

#include "jobs/price/closed_terms.hpp"
#include "kernels/closed_forms.hpp"

namespace muster::jobs::price {

bool has_geometric_control(GroupMarket const& market, Instrument const& instrument) {
  return instrument.kind == InstrumentKind::asian && instrument.averaging == Averaging::arithmetic &&
         market.model == ModelKind::black_scholes && !instrument.fixing_years.empty() &&
         market.assets[0].cash_dividends.empty();
}

double geometric_average_value(GroupMarket const& market, std::size_t asset, Instrument const& instrument, double scale) {
  auto const value = [](double number) {
    kernels::TermValue term;
    term.value = number;
    return term;
  };
  auto const in = geometric_input(
      instrument, scale * market.assets[asset].spot, [&](double at) { return value(rate_to(market, at)); },
      [&](double at) { return value(dividend_to(market, asset, at)); },
      [&](double at) { return value(variance_to(market, asset, at)); });
  return kernels::geometric_asian(in).price;
}

}  // namespace muster::jobs::price
