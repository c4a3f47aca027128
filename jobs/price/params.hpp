// The parameters of a price job as checked plain data. Times are years from the valuation instant,
// rates continuous, volatilities per square root of a year, amounts in the instrument's currency.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster::jobs::price {

/// A term structure by pillars. Rates and dividend yields: continuous zero rates, r(t)t linear
/// between pillars (flat forwards), flat zero rate before the first and after the last.
/// Volatilities: Black volatilities, total variance linear between pillars, flat volatility
/// outside. One pillar = constant.
struct Curve {
  std::vector<double> years{0.0};
  std::vector<double> values{0.0};
  friend bool operator==(Curve const&, Curve const&) = default;
};

struct CashDividend {
  double years = 0;   ///< ex-date
  double amount = 0;  ///< cash per share
  friend bool operator==(CashDividend const&, CashDividend const&) = default;
};

enum class ModelKind { black_scholes, merton, heston };

struct Heston {
  double v0 = 0.04, kappa = 1.5, theta = 0.04, xi = 0.5, rho = -0.7;
  friend bool operator==(Heston const&, Heston const&) = default;
};

struct Merton {
  double intensity = 0;        ///< jumps per year
  double jump_mean = 0;        ///< mean of the log jump
  double jump_volatility = 0;  ///< standard deviation of the log jump
  friend bool operator==(Merton const&, Merton const&) = default;
};

struct Asset {
  std::string name;
  double spot = 0;
  Curve dividend;    ///< continuous yield
  Curve volatility;  ///< black_scholes and merton (its diffusion part)
  std::vector<CashDividend> cash_dividends;
  Heston heston;
  Merton merton;
  friend bool operator==(Asset const&, Asset const&) = default;
};

struct Market {
  std::string currency = "USD";
  std::string valuation;  ///< UTC instant, ISO 8601; empty when all expiries are given in years
  Curve rate;
  std::vector<Asset> assets;
  std::vector<double> correlation;  ///< row-major assets x assets; identity when not given
  ModelKind model = ModelKind::black_scholes;
  friend bool operator==(Market const&, Market const&) = default;
};

enum class InstrumentKind {
  european,
  digital_cash,
  digital_asset,
  asian,
  barrier,
  double_barrier,
  lookback,
  basket,
  spread,
  best_of,
  worst_of,
};
enum class Right { call, put };
enum class BarrierKind { down_out, down_in, up_out, up_in };
enum class DoubleBarrierKind { knock_out, knock_in };
enum class Monitoring { continuous, discrete };
enum class Averaging { arithmetic, geometric };
enum class StrikeKind { fixed, floating };
enum class RebateAt { hit, expiry };

/// A market of one instrument's own, in place of the job's curves: what a listed option is quoted
/// at.
struct Quote {
  double forward = 0;   ///< of the asset at expiry
  double discount = 0;  ///< price now of 1 at expiry
  double volatility = 0;
  friend bool operator==(Quote const&, Quote const&) = default;
};

/// One contract, unit quantity priced per unit of underlying. Only the fields its kind reads are
/// set.
struct Instrument {
  std::string name;
  InstrumentKind kind = InstrumentKind::european;
  std::vector<std::uint32_t> assets{0};  ///< indices into Market::assets
  Right right = Right::call;
  StrikeKind strike_kind = StrikeKind::fixed;
  double strike = 0;
  double expiry_years = 0;
  std::optional<Quote> quote;  ///< european, in closed forms only
  double payout = 1;  ///< digital_cash
  BarrierKind barrier_kind = BarrierKind::down_out;
  DoubleBarrierKind double_barrier_kind = DoubleBarrierKind::knock_out;
  Monitoring monitoring = Monitoring::continuous;
  double barrier = 0;  ///< single barrier; lower one of a double barrier
  double upper_barrier = 0;
  double rebate = 0;
  RebateAt rebate_at = RebateAt::expiry;
  Averaging averaging = Averaging::arithmetic;
  std::vector<double>
      fixing_years;  ///< asian, discrete barrier and lookback: future observation times
  std::vector<double> past_fixings;  ///< asian: values already fixed
  double extremum = 0;               ///< lookback: minimum or maximum already seen; 0 = the spot
  std::vector<double> weights;       ///< basket; spread has {1, -1}
  double quantity = 1;               ///< signed, in contracts
  double multiplier = 1;             ///< units of underlying a contract
  std::string strategy;              ///< name of the strategy this is a leg of; empty = none
  friend bool operator==(Instrument const&, Instrument const&) = default;
};

enum class Method { closed_form, monte_carlo, both };
enum class Precision { single_precision, double_precision };
enum class Output {
  price,
  delta,
  gamma,
  vega,
  vanna,
  volga,
  rho,
  theta,
  cross_gamma,
  correlation_vega,
  implied_volatility,
};

struct StopRule {
  double target_stderr = 0;  ///< 0: none
  bool relative = false;
  std::uint64_t max_paths = 0;
  friend bool operator==(StopRule const&, StopRule const&) = default;
};

struct Simulation {
  std::uint64_t paths = 1'048'576;  ///< antithetic pairs count as two
  std::uint64_t tile_paths = 0;     ///< paths a tile; resolved at planning, a power of two
  double steps_per_year = 252;
  Precision precision = Precision::single_precision;
  bool antithetic = true;
  bool control_variate = true;
  StopRule stop;
  friend bool operator==(Simulation const&, Simulation const&) = default;
};

struct Params {
  std::string name;
  std::uint64_t seed = 1;
  Market market;
  Method method = Method::both;
  Simulation simulation;
  std::vector<Output> outputs{Output::price};
  std::vector<Instrument> instruments;
  friend bool operator==(Params const&, Params const&) = default;
};

}  // namespace muster::jobs::price
