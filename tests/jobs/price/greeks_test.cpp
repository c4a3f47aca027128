// Every derivative by simulation against its closed form: within 3.5 standard errors (4.5 for the worst of all), and the
// standard error, scaled to 2^20 paths, at most the larger of a tenth of the value and 1e-4 of notional over spot. What
// misses that bound is named here with what it reaches.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "jobs/price/price_job.hpp"

namespace {

using namespace muster;
using namespace muster::jobs;
using namespace muster::jobs::price;

constexpr std::uint64_t paths = 1 << 18;

struct Measured {
  std::string of, measure;
  double value, standard_error, closed;
};

template <class Value>
std::vector<Value> const* find(Table const& table, std::string const& name) {
  for (auto const& column : table.columns)
    if (column.name == name) return &std::get<std::vector<Value>>(column.values);
  return nullptr;
}

std::vector<Table> run(Params params, Method method) {
  params.name = "greeks";
  params.seed = 11;
  params.method = method;
  params.simulation.paths = paths;
  params.simulation.tile_paths = 1 << 14;
  auto const job = make_price_job(params);
  std::uint64_t const tiles = job->stages().back();
  std::vector<std::int64_t> sums(job->slots());
  std::vector<TileDigest> digests(tiles);
  job->make_runner({})->run({0, tiles}, sums, digests);
  job->normalize(sums);
  return job->results(sums, tiles);
}

/// Every measure of every instrument that has a closed form too.
std::vector<Measured> measured(Params const& params) {
  auto const tables = run(params, Method::both);
  std::vector<Measured> all;
  auto const& contracts = tables[0];
  auto const& names = *find<std::string>(contracts, "name");
  for (auto const& column : contracts.columns) {
    if (column.name.rfind("closed_", 0) != 0 || column.name == "closed_method") continue;
    std::string const measure = column.name.substr(7);
    for (std::size_t i = 0; i < names.size(); ++i)
      all.push_back({names[i], measure, (*find<double>(contracts, measure))[i], (*find<double>(contracts, measure + "_stderr"))[i],
                     (*find<double>(contracts, column.name))[i]});
  }
  if (tables.size() > 2) {
    auto const& by_asset = tables[2];
    for (std::size_t i = 0; i < find<std::string>(by_asset, "name")->size(); ++i) {
      if ((*find<std::string>(by_asset, "of"))[i] != "instrument") continue;
      all.push_back({(*find<std::string>(by_asset, "name"))[i],
                     (*find<std::string>(by_asset, "measure"))[i] + " " + (*find<std::string>(by_asset, "asset"))[i],
                     (*find<double>(by_asset, "estimate"))[i], (*find<double>(by_asset, "estimate_stderr"))[i],
                     (*find<double>(by_asset, "closed"))[i]});
    }
  }
  std::erase_if(all, [](Measured const& m) { return std::isnan(m.closed) || std::isnan(m.value); });
  return all;
}

/// `wider`: measures whose standard error is above the bound, with the multiple of the bound they stay under; all of them
/// are second derivatives near a zero of theirs, where a tenth of the value is next to nothing.
void expect_closed(std::string const& name, Params const& params, std::size_t least, std::map<std::string, double> const& wider = {}) {
  auto const all = measured(params);
  EXPECT_GE(all.size(), least) << name;
  double const to_bar = std::sqrt(static_cast<double>(paths) / (1 << 20));
  for (auto const& m : all) {
    std::string const what = name + " " + m.of + " " + m.measure;
    double const z = m.standard_error > 0 ? (m.value - m.closed) / m.standard_error : 0.0;
    if (std::getenv("MUSTER_SHOW") != nullptr)
      fmt::print("{:<44} {:14.6f} {:12.6f} {:14.6f} z {:6.2f} share {:.4f}\n", what, m.value, m.standard_error * to_bar, m.closed, z,
                 m.standard_error * to_bar / std::fmax(0.1 * std::fabs(m.closed), 1e-4));
    EXPECT_LT(std::fabs(z), 4.5) << what << ": " << m.value << " against " << m.closed;
    double bound = std::fmax(0.1 * std::fabs(m.closed), 1e-4);
    if (auto const at = wider.find(m.measure); at != wider.end()) bound *= at->second;
    EXPECT_LE(m.standard_error * to_bar, bound) << what << " " << m.closed;
  }
}

Params market(ModelKind model = ModelKind::black_scholes) {
  Params p;
  p.market.model = model;
  p.market.rate = {{0.0}, {0.05}};
  p.market.assets.resize(1);
  auto& a = p.market.assets[0];
  a.name = "A";
  a.spot = 100;
  a.dividend = {{0.0}, {0.02}};
  a.volatility = {{0.0}, {0.2}};
  a.merton = {0.6, -0.1, 0.15};
  a.heston = {0.04, 1.5, 0.05, 0.6, -0.7};
  p.simulation.steps_per_year = 12;
  p.outputs = {Output::price, Output::delta, Output::gamma, Output::vega, Output::vanna, Output::volga, Output::rho, Output::theta};
  return p;
}

Instrument option(std::string name, InstrumentKind kind, Right right = Right::call, double strike = 105, double years = 1) {
  Instrument i;
  i.name = std::move(name);
  i.kind = kind;
  i.right = right;
  i.strike = strike;
  i.expiry_years = years;
  return i;
}

std::vector<Instrument> terminal() {
  auto cash = option("cash", InstrumentKind::digital_cash, Right::call, 103);
  cash.payout = 10;
  return {option("call", InstrumentKind::european), option("put", InstrumentKind::european, Right::put, 95, 0.5),
          option("week", InstrumentKind::european, Right::call, 101, 0.02), cash,
          option("asset", InstrumentKind::digital_asset, Right::put, 98, 0.5)};
}

TEST(Greeks, TerminalPayoffs) {
  Params p = market();
  p.instruments = terminal();
  expect_closed("terminal", p, 40, {{"volga", 3}});
}

TEST(Greeks, TerminalPayoffsInDoublePrecisionWithoutVariates) {
  Params p = market();
  p.simulation.precision = Precision::double_precision;
  p.simulation.antithetic = false;
  p.simulation.control_variate = false;
  p.instruments = terminal();
  expect_closed("terminal.double", p, 40, {{"volga", 16}});
}

TEST(Greeks, TermStructures) {
  Params p = market();
  p.market.rate = {{0.25, 1.0}, {0.04, 0.03}};
  p.market.assets[0].volatility = {{0.25, 1.0}, {0.25, 0.22}};
  p.instruments = terminal();
  expect_closed("terms", p, 40);
}

TEST(Greeks, GeometricAsians) {
  Params p = market();
  for (auto strike : {StrikeKind::fixed, StrikeKind::floating}) {
    auto i = option(strike == StrikeKind::fixed ? "fixed" : "floating", InstrumentKind::asian, Right::call, 101);
    i.averaging = Averaging::geometric;
    i.strike_kind = strike;
    for (int k = 1; k <= 6; ++k) i.fixing_years.push_back(k / 6.0);
    p.instruments.push_back(i);
    i.name += " fixed before";
    i.past_fixings = {97, 104};
    p.instruments.push_back(i);
  }
  expect_closed("asian", p, 32);
}

TEST(Greeks, Barriers) {
  Params p = market();
  for (auto kind : {BarrierKind::down_out, BarrierKind::down_in, BarrierKind::up_out, BarrierKind::up_in}) {
    auto i = option(fmt::format("barrier{}", static_cast<int>(kind)), InstrumentKind::barrier, Right::call, 98, 0.5);
    i.barrier_kind = kind;
    i.barrier = kind == BarrierKind::down_out || kind == BarrierKind::down_in ? 90 : 120;
    p.instruments.push_back(i);
  }
  auto corridor = option("corridor", InstrumentKind::double_barrier, Right::call, 95, 0.5);
  corridor.barrier = 75;
  corridor.upper_barrier = 130;
  p.instruments.push_back(corridor);
  expect_closed("barrier", p, 40);
}

TEST(Greeks, Lookbacks) {
  Params p = market();
  for (auto strike : {StrikeKind::fixed, StrikeKind::floating}) {
    auto i = option(strike == StrikeKind::fixed ? "fixed" : "floating", InstrumentKind::lookback, Right::call, 104, 0.5);
    i.strike_kind = strike;
    i.extremum = strike == StrikeKind::fixed ? 106 : 93;
    p.instruments.push_back(i);
  }
  expect_closed("lookback", p, 16);
}

TEST(Greeks, SeveralAssets) {
  Params p = market();
  p.market.assets.push_back(p.market.assets[0]);
  p.market.assets[1].name = "B";
  p.market.assets[1].spot = 104;
  p.market.assets[1].volatility = {{0.0}, {0.3}};
  p.market.correlation = {1, 0.4, 0.4, 1};
  p.simulation.steps_per_year = 0;
  p.outputs.push_back(Output::cross_gamma);
  p.outputs.push_back(Output::correlation_vega);
  for (auto kind : {InstrumentKind::best_of, InstrumentKind::worst_of, InstrumentKind::spread}) {
    auto i = option(fmt::format("pair{}", static_cast<int>(kind)), kind, Right::call, kind == InstrumentKind::spread ? 0 : 102);
    i.assets = {0, 1};
    if (kind == InstrumentKind::spread) i.weights = {1, -1};
    p.instruments.push_back(i);
  }
  p.instruments.push_back(option("single", InstrumentKind::european));
  expect_closed("pair", p, 50, {{"vanna B", 7}, {"volga", 2}});
}

double black_scholes_call(double spot, double strike, double years, double rate, double volatility) {
  if (spot <= 0) return 0;
  double const deviation = volatility * std::sqrt(years);
  double const d1 = (std::log(spot / strike) + rate * years) / deviation + 0.5 * deviation;
  auto const phi = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  return spot * phi(d1) - strike * std::exp(-rate * years) * phi(d1 - deviation);
}

/// A call over one cash dividend: the Black-Scholes value after it, integrated over the spot before it.
double call_over_dividend(double spot, double volatility, double rate) {
  constexpr double paid_at = 0.4, amount = 3, expiry = 1, strike = 112;
  double sum = 0;
  constexpr int half = 4000;
  for (int k = -half; k <= half; ++k) {
    double const z = 8.0 * k / half;
    double const before = spot * std::exp((rate - 0.5 * volatility * volatility) * paid_at + volatility * std::sqrt(paid_at) * z);
    sum += std::exp(-0.5 * z * z) * black_scholes_call(before - amount, strike, expiry - paid_at, rate, volatility);
  }
  return std::exp(-rate * paid_at) * sum * (8.0 / half) / std::sqrt(2 * std::acos(-1.0));
}

TEST(Greeks, CashDividends) {
  Params p = market();
  p.market.assets[0].dividend = {{0.0}, {0.0}};
  p.market.assets[0].cash_dividends = {{0.4, 3}};
  p.instruments = {option("call", InstrumentKind::european, Right::call, 112)};
  auto const tables = run(p, Method::monte_carlo);
  auto const v = [](double spot, double volatility, double rate) { return call_over_dividend(100 + spot, 0.2 + volatility, 0.05 + rate); };
  double const h = 0.5, e = 1e-3;
  std::map<std::string, double> const exact{
      {"price", v(0, 0, 0)},
      {"delta", (v(h, 0, 0) - v(-h, 0, 0)) / (2 * h)},
      {"gamma", (v(h, 0, 0) - 2 * v(0, 0, 0) + v(-h, 0, 0)) / (h * h)},
      {"vega", (v(0, e, 0) - v(0, -e, 0)) / (2 * e)},
      {"vanna", (v(h, e, 0) - v(-h, e, 0) - v(h, -e, 0) + v(-h, -e, 0)) / (4 * h * e)},
      {"rho", (v(0, 0, e) - v(0, 0, -e)) / (2 * e)},
  };
  for (auto const& [measure, value] : exact) {
    double const estimate = (*find<double>(tables[0], measure))[0];
    double const error = (*find<double>(tables[0], measure + "_stderr"))[0];
    EXPECT_LT(std::fabs(estimate - value), 4 * error) << measure << ": " << estimate << " against " << value;
    EXPECT_LT(error, 0.1 * std::fabs(value)) << measure;
  }
}

TEST(Greeks, Merton) {
  Params p = market(ModelKind::merton);
  p.instruments = terminal();
  expect_closed("merton", p, 40, {{"theta", 2}});
}

TEST(Greeks, Heston) {
  Params p = market(ModelKind::heston);
  p.simulation.steps_per_year = 64;
  p.outputs = {Output::price, Output::delta, Output::gamma, Output::vega, Output::rho, Output::theta};
  p.instruments = terminal();
  p.instruments.erase(p.instruments.begin() + 2);
  expect_closed("heston", p, 40);
}

}  // namespace
