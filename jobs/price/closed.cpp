#include "jobs/price/closed.hpp"

#include <limits>
#include <utility>

#include "jobs/price/closed_terms.hpp"
#include "jobs/price/quotes.hpp"
#include "kernels/closed_forms.hpp"

namespace muster::jobs::price {
namespace {

constexpr char const* outside = "its parameters are outside the formula's domain";

ClosedValue missing(std::string why) {
  ClosedValue value;
  value.why_not = std::move(why);
  return value;
}

bool is_call(Instrument const& i) { return i.right == Right::call; }

std::string with_dividends(std::string method, bool has_cash) {
  return has_cash ? method + ", escrowed dividends" : method;
}

ClosedValue single(kernels::Greeks const& g, std::string method) {
  if (g.status == kernels::ClosedStatus::no_real_form)
    return missing("its formula has no real value at these parameters");
  if (g.status != kernels::ClosedStatus::ok) return missing(outside);
  ClosedValue value;
  value.available = true;
  value.method = std::move(method);
  value.price = g.price;
  value.assets = {{g.delta, g.gamma, g.vega, g.vanna, g.volga}};
  value.rho = g.rho;
  value.theta = g.theta;
  return value;
}

/// Everything a formula reads, in one place.
struct Case {
  Market const& market;
  Instrument const& instrument;
  Asset const& asset;
  double years;
};

bool is_terminal(InstrumentKind kind) {
  return kind == InstrumentKind::european || kind == InstrumentKind::digital_cash ||
         kind == InstrumentKind::digital_asset;
}

kernels::Payoff payoff_of(InstrumentKind kind) {
  if (kind == InstrumentKind::european) return kernels::Payoff::vanilla;
  return kind == InstrumentKind::digital_cash ? kernels::Payoff::cash : kernels::Payoff::asset;
}

ClosedValue terminal(Case const& c) {
  auto const cash = cash_flows(c.market, c.asset, c.years);
  kernels::VanillaInput in;
  in.payoff = payoff_of(c.instrument.kind);
  in.is_call = is_call(c.instrument);
  in.asset = underlying(c.asset, c.years, cash);
  in.strike = c.instrument.strike;
  in.payout = c.instrument.payout;
  in.years = c.years;
  in.rate = rate_term(c.market.rate, c.years);
  bool const has_jumps = c.market.model == ModelKind::merton;
  auto const& merton = c.asset.merton;
  if (has_jumps) in.jumps = {merton.intensity, merton.jump_mean, merton.jump_volatility};
  return single(kernels::vanilla(in),
                with_dividends(has_jumps ? "Merton series" : "Black-Scholes", !cash.empty()));
}

ClosedValue quoted(Market const& market, Instrument const& instrument) {
  Market const own = quoted_market(market, instrument);
  ClosedValue value = terminal({own, instrument, own.assets.front(), instrument.expiry_years});
  if (value.available) value.method += " at its own quote";
  return value;
}

ClosedValue heston(Case const& c) {
  auto const cash = cash_flows(c.market, c.asset, c.years);
  auto const& model = c.asset.heston;
  kernels::HestonInput in;
  in.payoff = payoff_of(c.instrument.kind);
  in.is_call = is_call(c.instrument);
  in.asset = underlying(c.asset, c.years, cash);
  in.strike = c.instrument.strike;
  in.payout = c.instrument.payout;
  in.years = c.years;
  in.rate = rate_term(c.market.rate, c.years);
  in.v0 = model.v0;
  in.kappa = model.kappa;
  in.theta = model.theta;
  in.xi = model.xi;
  in.rho = model.rho;
  auto const g = kernels::heston(in);
  if (g.status != kernels::ClosedStatus::ok) return missing(outside);
  double const none = std::numeric_limits<double>::quiet_NaN();
  ClosedValue value;
  value.available = true;
  value.method = with_dividends("Heston saddle-point integral", !cash.empty());
  value.price = g.price;
  value.assets = {{g.delta, g.gamma, none, none, none}};
  value.rho = g.rate_rho;
  value.theta = g.time_theta;
  value.heston = ClosedHestonGreeks{g.by_v0, g.by_kappa, g.by_theta, g.by_xi, g.by_rho};
  return value;
}

ClosedValue geometric_asian(Case const& c) {
  auto const& i = c.instrument;
  if (i.averaging == Averaging::arithmetic) return missing("an arithmetic average has none");
  if (!c.asset.cash_dividends.empty()) return missing("it has none with cash dividends");
  if (i.fixing_years.empty()) return missing("it has no fixing ahead");
  auto const in = geometric_input(
      i, c.asset.spot, [&](double at) { return rate_term(c.market.rate, at); },
      [&](double at) { return dividend_term(c.asset.dividend, at); },
      [&](double at) { return variance_term(c.asset.volatility, at); });
  return single(kernels::geometric_asian(in), "geometric average (lognormal)");
}

/// Flat parameters for a path-dependent form, or why there are none.
std::optional<std::string> flatten(Case const& c, kernels::Flat& flat) {
  if (!c.asset.cash_dividends.empty()) return "it has none with cash dividends";
  if (!is_flat(c.market.rate, c.years) || !is_flat(c.asset.dividend, c.years) ||
      !is_flat(c.asset.volatility, c.years))
    return "a path-dependent payoff has none under a term structure that is not flat";
  if (c.instrument.monitoring == Monitoring::discrete) return "it has none with discrete monitoring";
  flat = {c.asset.spot, c.years, c.market.rate.values.front(), c.asset.dividend.values.front(),
          c.asset.volatility.values.front()};
  return {};
}

kernels::RebateTime rebate_time(Instrument const& i) {
  return i.rebate_at == RebateAt::hit ? kernels::RebateTime::hit : kernels::RebateTime::expiry;
}

ClosedValue barrier(Case const& c) {
  kernels::BarrierInput in;
  if (auto why = flatten(c, in.flat)) return missing(*why);
  auto const& i = c.instrument;
  in.is_call = is_call(i);
  in.is_up = i.barrier_kind == BarrierKind::up_out || i.barrier_kind == BarrierKind::up_in;
  in.is_in = i.barrier_kind == BarrierKind::down_in || i.barrier_kind == BarrierKind::up_in;
  in.strike = i.strike;
  in.barrier = i.barrier;
  in.rebate = i.rebate;
  in.rebate_time = rebate_time(i);
  return single(kernels::barrier(in), "Reiner-Rubinstein");
}

ClosedValue double_barrier(Case const& c) {
  kernels::DoubleBarrierInput in;
  if (auto why = flatten(c, in.flat)) return missing(*why);
  auto const& i = c.instrument;
  in.is_call = is_call(i);
  in.is_in = i.double_barrier_kind == DoubleBarrierKind::knock_in;
  in.strike = i.strike;
  in.lower = i.barrier;
  in.upper = i.upper_barrier;
  in.rebate = i.rebate;
  in.rebate_time = rebate_time(i);
  return single(kernels::double_barrier(in), "double barrier series");
}

ClosedValue lookback(Case const& c) {
  kernels::LookbackInput in;
  if (auto why = flatten(c, in.flat)) return missing(*why);
  auto const& i = c.instrument;
  in.is_call = is_call(i);
  in.is_floating = i.strike_kind == StrikeKind::floating;
  in.strike = i.strike;
  in.extremum = i.extremum > 0 ? i.extremum : c.asset.spot;
  return single(kernels::lookback(in), in.is_floating ? "Goldman-Sosin-Gatto" : "Conze-Viswanathan");
}

ClosedValue two_assets(Case const& c) {
  auto const& i = c.instrument;
  if (i.assets.size() != 2) return missing("only two assets have one");
  bool const is_spread = i.kind == InstrumentKind::spread;
  if (is_spread && i.strike != 0) return missing("a spread has one only at strike 0");
  for (std::size_t k = 0; k < i.weights.size(); ++k) {
    if (i.weights[k] != (is_spread && k == 1 ? -1.0 : 1.0)) return missing("weighted assets have none");
  }
  auto const& other = c.market.assets[i.assets[1]];
  // The correlation of the terminal logs is the given one only when both volatilities keep their ratio.
  if (!is_flat(c.asset.volatility, c.years) || !is_flat(other.volatility, c.years))
    return missing("two assets have none under a volatility term structure that is not flat");
  auto const cash0 = cash_flows(c.market, c.asset, c.years), cash1 = cash_flows(c.market, other, c.years);
  kernels::TwoAssetInput in;
  in.payoff = is_spread                              ? kernels::TwoAssetPayoff::exchange
              : i.kind == InstrumentKind::worst_of ? kernels::TwoAssetPayoff::worst_of
                                                     : kernels::TwoAssetPayoff::best_of;
  in.is_call = is_call(i);
  in.first = underlying(c.asset, c.years, cash0);
  in.second = underlying(other, c.years, cash1);
  in.strike = i.strike;
  auto const& matrix = c.market.correlation;
  in.correlation = i.assets[0] == i.assets[1] ? 1.0
                   : matrix.empty()           ? 0.0
                                    : matrix[i.assets[0] * c.market.assets.size() + i.assets[1]];
  in.rate = rate_term(c.market.rate, c.years);
  auto const g = kernels::two_asset(in);
  if (g.status == kernels::ClosedStatus::no_real_form)
    return missing("its formula needs a correlation strictly between -1 and 1");
  if (g.status != kernels::ClosedStatus::ok) return missing(outside);
  ClosedValue value;
  value.available = true;
  value.method = with_dividends(is_spread ? "Margrabe" : "Stulz", !cash0.empty() || !cash1.empty());
  value.price = g.price;
  for (int k = 0; k < 2; ++k)
    value.assets.push_back({g.delta[k], g.gamma[k], g.vega[k], g.vanna[k], g.volga[k]});
  value.rho = g.rho;
  value.theta = g.theta;
  value.cross_gamma = g.cross_gamma;
  value.correlation_vega = g.correlation_vega;
  return value;
}

}  // namespace

std::optional<double> ClosedValue::output(Output wanted, std::size_t asset) const {
  if (!available || asset >= assets.size()) return {};
  auto const& a = assets[asset];
  bool const has_volatility = !heston;
  bool const is_pair = assets.size() == 2;
  switch (wanted) {
    case Output::price: return price;
    case Output::delta: return a.delta;
    case Output::gamma: return a.gamma;
    case Output::vega: return has_volatility ? std::optional(a.vega) : std::nullopt;
    case Output::vanna: return has_volatility ? std::optional(a.vanna) : std::nullopt;
    case Output::volga: return has_volatility ? std::optional(a.volga) : std::nullopt;
    case Output::rho: return rho;
    case Output::theta: return theta;
    case Output::cross_gamma: return is_pair ? std::optional(cross_gamma) : std::nullopt;
    case Output::correlation_vega: return is_pair ? std::optional(correlation_vega) : std::nullopt;
    case Output::implied_volatility: return {};
  }
  return {};
}

ClosedValue closed_form(Market const& market, Instrument const& instrument) {
  if (instrument.quote) return quoted(market, instrument);
  Case const c{market, instrument, market.assets[instrument.assets.front()], instrument.expiry_years};
  if (is_terminal(instrument.kind))
    return market.model == ModelKind::heston ? heston(c) : terminal(c);
  if (market.model != ModelKind::black_scholes)
    return missing("under this model only European and digital payoffs have one");
  switch (instrument.kind) {
    case InstrumentKind::asian: return geometric_asian(c);
    case InstrumentKind::barrier: return barrier(c);
    case InstrumentKind::double_barrier: return double_barrier(c);
    case InstrumentKind::lookback: return lookback(c);
    case InstrumentKind::spread:
    case InstrumentKind::best_of:
    case InstrumentKind::worst_of: return two_assets(c);
    default: return missing("a basket has none");
  }
}

}  // namespace muster::jobs::price
