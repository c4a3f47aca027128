#include "jobs/price/closed.hpp"

#include <cmath>

#include "jobs/price/curves.hpp"
#include "kernels/closed_forms.hpp"

namespace muster::jobs::price {
namespace {

kernels::TermValue rate_term(Curve const& rate, double years) {
  kernels::TermValue term;
  term.value = integrated_rate(rate, years);
  term.by_rate = years;
  term.by_time = -rate.values.front();  // as time passes, the integral loses its beginning
  return term;
}

kernels::TermValue dividend_term(Curve const& dividend, double years) {
  auto term = rate_term(dividend, years);
  term.by_rate = 0;
  return term;
}

/// Total variance; a parallel shift of the volatility curve moves it by 2 sigma T and 2 T.
kernels::TermValue variance_term(Curve const& volatility, double years) {
  kernels::TermValue term;
  term.value = integrated_variance(volatility, years);
  double const level = years > 0 ? std::sqrt(term.value / years) : 0;
  term.by_volatility = 2 * level * years;
  term.by_volatility2 = 2 * years;
  term.by_time = -volatility.values.front() * volatility.values.front();
  return term;
}

std::vector<kernels::CashFlow> cash_flows(Market const& market, Asset const& asset, double years) {
  std::vector<kernels::CashFlow> flows;
  for (auto const& dividend : asset.cash_dividends)
    if (dividend.years <= years) flows.push_back({dividend.amount, rate_term(market.rate, dividend.years)});
  return flows;
}

ClosedValue missing(std::string why) {
  ClosedValue value;
  value.why_not = std::move(why);
  return value;
}

bool is_terminal(InstrumentKind kind) {
  return kind == InstrumentKind::european || kind == InstrumentKind::digital_cash || kind == InstrumentKind::digital_asset;
}

kernels::Payoff payoff_of(InstrumentKind kind) {
  if (kind == InstrumentKind::european) return kernels::Payoff::vanilla;
  return kind == InstrumentKind::digital_cash ? kernels::Payoff::cash : kernels::Payoff::asset;
}

}  // namespace

std::optional<double> ClosedValue::output(Output wanted, std::size_t asset) const {
  if (!available) return {};
  switch (wanted) {
    case Output::price: return price;
    case Output::delta: return assets[asset].delta;
    case Output::gamma: return assets[asset].gamma;
    case Output::vega: return assets[asset].vega;
    case Output::vanna: return assets[asset].vanna;
    case Output::volga: return assets[asset].volga;
    case Output::rho: return rho;
    case Output::theta: return theta;
    default: return {};
  }
}

ClosedValue closed_form(Market const& market, Instrument const& instrument) {
  if (market.model == ModelKind::heston) return missing("closed forms under Heston come with a later release");
  if (!is_terminal(instrument.kind)) return missing("closed forms of this kind come with a later release");
  auto const& asset = market.assets[instrument.assets.front()];
  auto const cash = cash_flows(market, asset, instrument.expiry_years);
  kernels::VanillaInput in;
  in.payoff = payoff_of(instrument.kind);
  in.is_call = instrument.right == Right::call ? 1 : 0;
  in.asset.spot = asset.spot;
  in.asset.dividend = dividend_term(asset.dividend, instrument.expiry_years);
  in.asset.variance = variance_term(asset.volatility, instrument.expiry_years);
  in.asset.cash = cash.data();
  in.asset.cash_count = cash.size();
  in.strike = instrument.strike;
  in.payout = instrument.payout;
  in.years = instrument.expiry_years;
  in.rate = rate_term(market.rate, instrument.expiry_years);
  if (market.model == ModelKind::merton)
    in.jumps = {asset.merton.intensity, asset.merton.jump_mean, asset.merton.jump_volatility};
  auto const greeks = kernels::vanilla(in);
  if (greeks.status != kernels::ClosedStatus::ok) return missing("its parameters are outside the formula's domain");
  ClosedValue value;
  value.available = true;
  value.method = std::string(market.model == ModelKind::merton ? "Merton" : "Black-Scholes") +
                 (cash.empty() ? "" : ", escrowed dividends");
  value.price = greeks.price;
  value.assets = {{greeks.delta, greeks.gamma, greeks.vega, greeks.vanna, greeks.volga}};
  value.rho = greeks.rho;
  value.theta = greeks.theta;
  return value;
}

}  // namespace muster::jobs::price
