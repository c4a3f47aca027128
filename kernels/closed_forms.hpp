// Closed forms and implied volatility for host code: plain structs in, plain structs out. The bodies
// (kernels/closed/) are compiled once per instruction set; the calls below pick one by CPUID and give
// the same bits on all of them. Years, continuous rates, volatility per square root of a year.
#pragma once

#include <cstddef>
#include <span>

namespace muster::kernels {

/// One European option under flat parameters. `is_call`: 1 call, 0 put.
struct BsInput {
  double spot, strike, years, rate, dividend, volatility;
  int is_call;
};

/// Price and derivatives: theta per year with the expiry date kept, rho, vega, vanna and volga per 1.00.
struct BsOutput {
  double price, delta, gamma, vega, theta, rho, vanna, volga;
};

/// Black-Scholes price and Greeks of each input; `out` has at least the length of `in`. spot > 0,
/// strike >= 0, years >= 0, volatility >= 0; anything else, NaN included, gives NaN in that row alone.
/// With no variance left the row is the limit away from the strike.
void black_scholes(std::span<BsInput const> in, std::span<BsOutput> out);

/// The same, column by column: the faster layout. `side` is 1 for a call, -1 for a put. Every pointer
/// leads to `count` values; no output overlaps anything else. A null `vanna` leaves vanna and volga out.
struct BsColumns {
  double const *spot, *strike, *years, *rate, *dividend, *volatility, *side;
};
struct BsResultColumns {
  double *price, *delta, *gamma, *vega, *theta, *rho, *vanna, *volga;
};
void black_scholes(BsColumns const& in, BsResultColumns const& out, std::size_t count);

/// What an implied volatility is worth.
enum class ImpliedStatus : int {
  ok,
  negative_rate,    ///< the volatility is good; the discount factor is above 1
  below_intrinsic,  ///< price below the discounted intrinsic value: no volatility gives it
  above_maximum,    ///< price at or above discount * forward (call) or discount * strike (put)
  no_information,   ///< no time value left in the price's digits, or outside the range of double
  invalid_input,    ///< a NaN or infinity, or forward, strike, years or discount not above zero
};

/// True where `volatility` is a solution rather than the placeholder 0.
constexpr bool has_volatility(ImpliedStatus status) {
  return status == ImpliedStatus::ok || status == ImpliedStatus::negative_rate;
}

/// One quote: `price` is discounted, `forward` is to expiry. `is_call`: 1 call, 0 put.
struct ImpliedInput {
  double price, forward, strike, years, discount;
  int is_call;
};

struct ImpliedOutput {
  double volatility;  ///< 0 unless has_volatility(status); never NaN
  ImpliedStatus status;
};

/// Black implied volatility of each row, to the last digits the price holds (docs/methods/closed-forms.md).
void implied_volatility(std::span<ImpliedInput const> in, std::span<ImpliedOutput> out);

/// A deterministic quantity of the market (an integral of a curve, say) and its derivatives by a
/// parallel shift of the volatility curve (first and second), by a parallel shift of the rate curve, and
/// by the passing of time with all dates kept (per year).
struct TermValue {
  double value = 0, by_volatility = 0, by_volatility2 = 0, by_rate = 0, by_time = 0;
};

/// A cash dividend before expiry; `rate` is the integral of the rate to its ex-date.
struct CashFlow {
  double amount;
  TermValue rate;
};

enum class ClosedStatus : int {
  ok,
  invalid_input,  ///< an input outside the formula's domain; the numbers are NaN
  no_real_form,   ///< the formula has no real value here (a rebate at hit under a very negative rate)
};

/// What every single-asset closed form returns; units as in BsOutput.
struct Greeks {
  ClosedStatus status = ClosedStatus::ok;
  double price = 0, delta = 0, gamma = 0, vega = 0, vanna = 0, volga = 0, rho = 0, theta = 0;
};

enum class Payoff : int { vanilla, cash, asset };

/// One underlying to one date. `rate`, `dividend`: integrals to expiry; `variance`: total variance.
/// Cash dividends are escrowed: their present value is taken off the spot.
struct Underlying {
  double spot = 0;
  TermValue dividend, variance;
  CashFlow const* cash = nullptr;
  std::size_t cash_count = 0;
};

/// Merton's lognormal jumps: `intensity` a year, log jump normal(`mean`, `volatility`).
struct Jumps {
  double intensity = 0, mean = 0, volatility = 0;
};

/// European payoff on one date: vanilla, or digital paying `payout` in cash or one unit of the asset.
struct VanillaInput {
  Payoff payoff = Payoff::vanilla;
  int is_call = 1;
  Underlying asset;
  double strike = 0, payout = 1, years = 0;
  TermValue rate;
  Jumps jumps;
};
Greeks vanilla(VanillaInput const& in);

/// Geometric Asian: ln G = spot_share * ln(spot) + past + mean + normal(0, variance), with `past` the sum
/// of the logs of the past fixings over `fixings`. A floating strike pays asset against average.
struct GeometricInput {
  int is_call = 1, is_floating = 0;
  double spot = 0, spot_share = 1, strike = 0;
  double const* past = nullptr;  ///< fixed values, all above zero
  std::size_t past_count = 0;
  double fixings = 1;            ///< how many fixings G has in all; unused without past fixings
  TermValue mean, variance;      ///< of the future part of ln G
  TermValue covariance;          ///< of ln G and ln S(expiry); floating strike only
  TermValue rate, dividend, asset_variance;  ///< integrals to expiry
};
Greeks geometric_asian(GeometricInput const& in);

/// Path-dependent forms take flat parameters.
struct Flat {
  double spot = 0, years = 0, rate = 0, dividend = 0, volatility = 0;
};

enum class RebateTime : int { hit, expiry };

/// Continuously watched single barrier. A knock-in rebate is paid at expiry when never knocked in.
struct BarrierInput {
  Flat flat;
  int is_call = 1, is_up = 0, is_in = 0;
  double strike = 0, barrier = 0, rebate = 0;
  RebateTime rebate_time = RebateTime::hit;
};
Greeks barrier(BarrierInput const& in);

/// Continuously watched corridor; the rebate is paid for a knock-out, or when never knocked in.
struct DoubleBarrierInput {
  Flat flat;
  int is_call = 1, is_in = 0;
  double strike = 0, lower = 0, upper = 0, rebate = 0;
  RebateTime rebate_time = RebateTime::expiry;
};
Greeks double_barrier(DoubleBarrierInput const& in);

/// Continuously watched lookback. `extremum`: the minimum (floating call, fixed put) or maximum (floating
/// put, fixed call) seen so far.
struct LookbackInput {
  Flat flat;
  int is_call = 1, is_floating = 1;
  double strike = 0, extremum = 0;
};
Greeks lookback(LookbackInput const& in);

enum class TwoAssetPayoff : int { best_of, worst_of, exchange };

/// Call or put on the better or worse of two assets, or the right to exchange the second for the first
/// (`is_call`: receive the first). `correlation` is that of the two terminal logs.
struct TwoAssetInput {
  TwoAssetPayoff payoff = TwoAssetPayoff::best_of;
  int is_call = 1;
  Underlying first, second;
  double strike = 0, correlation = 0;
  TermValue rate;
};

struct TwoAssetGreeks {
  ClosedStatus status = ClosedStatus::ok;
  double price = 0, delta[2]{}, gamma[2]{}, vega[2]{}, vanna[2]{}, volga[2]{};
  double rho = 0, theta = 0, cross_gamma = 0, correlation_vega = 0;
};
TwoAssetGreeks two_asset(TwoAssetInput const& in);

/// European payoff under Heston's model; `rate`, `dividend` and cash dividends as above, variance unused.
struct HestonInput {
  Payoff payoff = Payoff::vanilla;
  int is_call = 1;
  Underlying asset;
  double strike = 0, payout = 1, years = 0;
  TermValue rate;
  double v0 = 0, kappa = 0, theta = 0, xi = 0, rho = 0;
};

/// Derivatives by the five parameters per 1.00; `rate_rho` by the rate, `time_theta` per year.
struct HestonGreeks {
  ClosedStatus status = ClosedStatus::ok;
  double price = 0, delta = 0, gamma = 0, rate_rho = 0, time_theta = 0;
  double by_v0 = 0, by_kappa = 0, by_theta = 0, by_xi = 0, by_rho = 0;
};
HestonGreeks heston(HestonInput const& in);

/// One instruction set's copy of the bodies; only kernels/closed_forms*.cpp use it.
struct ClosedTable {
  void (*black_scholes)(BsInput const*, BsOutput*, std::size_t);
  void (*black_scholes_columns)(BsColumns const&, BsResultColumns const&, std::size_t);
  void (*implied_volatility)(ImpliedInput const*, ImpliedOutput*, std::size_t);
  void (*vanilla)(VanillaInput const&, Greeks&);
  void (*geometric_asian)(GeometricInput const&, Greeks&);
  void (*barrier)(BarrierInput const&, Greeks&);
  void (*double_barrier)(DoubleBarrierInput const&, Greeks&);
  void (*lookback)(LookbackInput const&, Greeks&);
  void (*two_asset)(TwoAssetInput const&, TwoAssetGreeks&);
  void (*heston)(HestonInput const&, HestonGreeks&);
};

}  // namespace muster::kernels
