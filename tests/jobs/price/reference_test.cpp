// Monte Carlo against published digits: within 3.5 standard errors, and the standard error capped. The seed is
// fixed; sources are named at each row.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "jobs/price/price_job.hpp"

namespace {

using namespace muster;
using namespace muster::jobs;
using namespace muster::jobs::price;

struct Row {
  std::string name;
  double exact;
  double most_stderr;
  std::function<void(Params&)> build;  ///< fills the market and instruments[0]
};

struct Outcome {
  double mean, standard_error;
};

template <class Value>
Value column(Table const& table, std::string_view name, std::size_t row) {
  for (auto const& column : table.columns)
    if (column.name == name) return std::get<std::vector<Value>>(column.values)[row];
  throw std::runtime_error("no column " + std::string(name));
}

Outcome simulate(Row const& row, Precision precision) {
  Params params;
  params.name = row.name;
  params.seed = 7;
  params.method = Method::monte_carlo;
  params.market.assets.resize(1);
  params.market.assets[0].name = "A";
  params.market.assets[0].spot = 100;
  params.instruments.resize(1);
  params.instruments[0].name = "option";
  params.instruments[0].expiry_years = 1;
  params.instruments[0].strike = 100;
  params.simulation.paths = 1 << 19;
  params.simulation.tile_paths = 1 << 14;
  params.simulation.steps_per_year = 0;
  params.simulation.precision = precision;
  row.build(params);
  auto const job = make_price_job(params);
  std::uint64_t const tiles = job->stages().back();
  std::vector<std::int64_t> sums(job->slots());
  std::vector<TileDigest> digests(tiles);
  job->make_runner({})->run({0, tiles}, sums, digests);
  job->normalize(sums);
  auto const tables = job->results(sums, tiles);
  return {column<double>(tables[0], "price", 0), column<double>(tables[0], "price_stderr", 0)};
}

void flat(Params& p, double rate, double dividend, double volatility) {
  p.market.rate = {{0.0}, {rate}};
  p.market.assets[0].dividend = {{0.0}, {dividend}};
  p.market.assets[0].volatility = {{0.0}, {volatility}};
}

std::vector<double> equally_spaced(int count, double last) {
  std::vector<double> times;
  for (int k = 1; k <= count; ++k) times.push_back(last * k / count);
  return times;
}

// reference-values: Black-Scholes, 60 digits by mpmath.
Row european(Right right, double exact) {
  return {fmt::format("european {}", right == Right::call ? "call" : "put"), exact, 0.02, [=](Params& p) {
            flat(p, 0.05, 0.02, 0.2);
            p.instruments[0].right = right;
          }};
}

// Discretely monitored down-and-out call: Gauss-Legendre backward recursion; Broadie, Glasserman, Kou 1997.
Row barrier(double level, int checks, double exact) {
  return {fmt::format("down-out call H={} m={}", level, checks), exact, 0.03, [=](Params& p) {
            flat(p, 0.1, 0, 0.3);
            auto& i = p.instruments[0];
            i.kind = InstrumentKind::barrier;
            i.monitoring = Monitoring::discrete;
            i.barrier = level;
            i.expiry_years = 0.2;
            i.fixing_years = equally_spaced(checks, 0.2);
          }};
}

// Continuously monitored down-and-out call by bridges, rebate 3 at hit: Haug's table, ten digits by QuantLib.
Row bridged_barrier(BarrierKind kind, double level, double strike, double exact) {
  return {fmt::format("bridged barrier {} H={} K={}", static_cast<int>(kind), level, strike), exact, 0.03, [=](Params& p) {
            flat(p, 0.08, 0.04, 0.25);
            p.simulation.steps_per_year = 400;  // the rebate's discount is that of the middle of the step
            auto& i = p.instruments[0];
            i.kind = InstrumentKind::barrier;
            i.barrier_kind = kind;
            i.barrier = level;
            i.strike = strike;
            i.rebate = 3;
            i.rebate_at = kind == BarrierKind::down_out || kind == BarrierKind::up_out ? RebateAt::hit : RebateAt::expiry;
            i.expiry_years = 0.5;
          }};
}

// Discrete arithmetic Asian calls: density recursion, nine digits.
Row asian(double rate, double volatility, int fixings, double strike, double exact) {
  return {fmt::format("asian n={} K={}", fixings, strike), exact, 0.02, [=](Params& p) {
            flat(p, rate, 0, volatility);
            auto& i = p.instruments[0];
            i.kind = InstrumentKind::asian;
            i.strike = strike;
            i.fixing_years = equally_spaced(fixings, 1);
          }};
}

// Krekel's four-asset basket call (forward 100, vol 40 %, correlation 50 %, five years), after Choi 2018.
Row krekel(double strike, double exact) {
  return {fmt::format("Krekel basket K={}", strike), exact, 0.25, [=](Params& p) {
            flat(p, 0, 0, 0.4);
            for (int a = 1; a < 4; ++a) p.market.assets.push_back(p.market.assets[0]);
            p.market.correlation.assign(16, 0.5);
            for (std::size_t a = 0; a < 4; ++a) p.market.correlation[a * 5] = 1;
            auto& i = p.instruments[0];
            i.kind = InstrumentKind::basket;
            i.assets = {0, 1, 2, 3};
            i.weights = {0.25, 0.25, 0.25, 0.25};
            i.strike = strike;
            i.expiry_years = 5;
          }};
}

// Stulz's two-asset options, sigma .11/.16, rho .63 (Haug p. 58).
Row stulz(InstrumentKind kind, Right right, double exact) {
  return {fmt::format("Stulz {} {}", static_cast<int>(kind), static_cast<int>(right)), exact, 0.02, [=](Params& p) {
            flat(p, 0.05, 0, 0.11);
            p.market.assets.push_back(p.market.assets[0]);
            p.market.assets[1].spot = 105;
            p.market.assets[1].volatility = {{0.0}, {0.16}};
            p.market.correlation = {1, 0.63, 0.63, 1};
            auto& i = p.instruments[0];
            i.kind = kind;
            i.right = right;
            i.assets = {0, 1};
            i.strike = 98;
            i.expiry_years = 0.5;
          }};
}

// Dempster and Hong's spread option, 15 digits after Choi 2018.
Row spread(double strike, double exact) {
  return {fmt::format("spread K={}", strike), exact, 0.03, [=](Params& p) {
            flat(p, 0.1, 0.05, 0.2);
            p.market.assets.push_back(p.market.assets[0]);
            p.market.assets[1].spot = 96;
            p.market.assets[1].volatility = {{0.0}, {0.1}};
            p.market.correlation = {1, 0.5, 0.5, 1};
            auto& i = p.instruments[0];
            i.kind = InstrumentKind::spread;
            i.assets = {0, 1};
            i.weights = {1, -1};
            i.strike = strike;
          }};
}

// Heston by QE-M: 30-digit quadrature of the Lewis form. Andersen 2008, case I, and Alan Lewis's set.
Row heston(char const* name, Heston model, double rate, double dividend, double years, double steps_per_year, Right right,
           double strike, double exact) {
  return {fmt::format("Heston {} K={}", name, strike), exact, 0.08, [=](Params& p) {
            flat(p, rate, dividend, 0.2);
            p.market.model = ModelKind::heston;
            p.market.assets[0].heston = model;
            p.simulation.steps_per_year = steps_per_year;
            p.instruments[0].right = right;
            p.instruments[0].strike = strike;
            p.instruments[0].expiry_years = years;
          }};
}
Row andersen(double strike, double exact) {
  return heston("Andersen I", {0.04, 0.5, 0.04, 1, -0.9}, 0, 0, 10, 16, Right::call, strike, exact);
}
Row lewis(Right right, double strike, double exact) {
  return heston("Lewis", {0.04, 4, 0.25, 1, -0.5}, 0.01, 0.02, 1, 64, right, strike, exact);
}

// Merton: S = 100, r = .08, total volatility .25 of which jumps have the share gamma of the variance (Haug p. 9, 14 digits).
Row merton(double strike, double years, double intensity, double share, double exact) {
  return {fmt::format("Merton K={} T={}", strike, years), exact, 0.03, [=](Params& p) {
            flat(p, 0.08, 0, 0.25 * std::sqrt(1 - share));
            p.market.model = ModelKind::merton;
            double const jump = 0.25 * std::sqrt(share / intensity);
            p.market.assets[0].merton = {intensity, -0.5 * jump * jump, jump};
            p.instruments[0].strike = strike;
            p.instruments[0].expiry_years = years;
          }};
}

std::vector<Row> rows() {
  return {
      european(Right::call, 9.2270055081540475442),
      european(Right::put, 6.3300806275499182313),
      barrier(85, 5, 6.3369486237), barrier(85, 25, 6.3264934784), barrier(85, 50, 6.3222401405),
      barrier(95, 5, 5.6711051343), barrier(95, 25, 5.0814151587), barrier(95, 50, 4.9067890354),
      barrier(99, 5, 4.4891724312), barrier(99, 25, 2.8124392982), barrier(99, 50, 2.3363868958),
      bridged_barrier(BarrierKind::down_out, 95, 90, 9.0245676950),
      bridged_barrier(BarrierKind::down_out, 95, 110, 4.8758577401),
      bridged_barrier(BarrierKind::up_out, 105, 90, 2.6789125048),
      bridged_barrier(BarrierKind::down_in, 95, 100, 4.0109418504),
      bridged_barrier(BarrierKind::up_in, 105, 110, 4.5909692661),
      asian(0.0367, 0.17801, 12, 90, 12.196712294), asian(0.0367, 0.17801, 12, 100, 5.288791751),
      asian(0.0367, 0.17801, 50, 110, 1.471606092), asian(0.05, 0.3, 52, 100, 8.067782457),
      asian(0.05, 0.2, 252, 100, 5.781824408), asian(0.05, 0.2, 252, 110, 2.003957802),
      krekel(50, 54.3101760503818554), krekel(100, 28.0073695445039341), krekel(150, 15.1640102889333352),
      stulz(InstrumentKind::worst_of, Right::call, 4.8177), stulz(InstrumentKind::best_of, Right::call, 11.6323),
      stulz(InstrumentKind::worst_of, Right::put, 2.0376), stulz(InstrumentKind::best_of, Right::put, 0.5731),
      spread(0.4, 8.312460732881519), spread(4.0, 6.653065107468672),
      andersen(60, 44.329975070174), andersen(70, 35.849769703838), andersen(100, 13.084670136992), andersen(140, 0.29577443579803),
      lewis(Right::call, 80, 26.774758743998854221), lewis(Right::put, 100, 17.055270961270109414),
      lewis(Right::call, 120, 9.024913483457835637),
      merton(80, 0.1, 1, 0.25, 20.667642668272), merton(90, 0.25, 5, 0.25, 12.753373077174),
      merton(100, 0.5, 10, 0.25, 9.0312765970807), merton(110, 0.5, 5, 0.25, 4.7316661490481),
      merton(120, 0.5, 10, 0.25, 2.253041180121), merton(80, 0.1, 1, 0.5, 20.72421236189),
  };
}

void expect_references(Precision precision) {
  int far = 0;
  double squares = 0;
  auto const all = rows();
  for (auto const& row : all) {
    Outcome const outcome = simulate(row, precision);
    double const z = (outcome.mean - row.exact) / outcome.standard_error;
    if (std::getenv("MUSTER_SHOW") != nullptr)
      fmt::print("{:<36} {:14.8f} {:12.8f} {:14.8f} z {:6.2f}\n", row.name, outcome.mean, outcome.standard_error, row.exact, z);
    EXPECT_LT(std::fabs(z), 4.5) << row.name << ": " << outcome.mean << " against " << row.exact;
    EXPECT_LE(outcome.standard_error, row.most_stderr) << row.name;
    far += std::fabs(z) > 3.5 ? 1 : 0;
    squares += z * z;
  }
  EXPECT_EQ(far, 0);
  // Mean of z^2 over n rows: chi-squared over n, 99.9 % band by Wilson and Hilferty.
  auto const n = static_cast<double>(all.size());
  double const spread_of = std::sqrt(2 / (9 * n));
  double const high = std::pow(1 - 2 / (9 * n) + 3.29 * spread_of, 3);
  double const low = std::pow(1 - 2 / (9 * n) - 3.29 * spread_of, 3);
  EXPECT_LT(squares / n, high);
  EXPECT_GT(squares / n, low);
}

/// Exact sums and tables of a small job cut into tiles of a size.
std::pair<std::vector<std::int64_t>, Outcome> cut(std::uint64_t tile_paths) {
  Params params;
  params.name = "tiles";
  params.method = Method::monte_carlo;
  params.market.assets.resize(1);
  flat(params, 0.02, 0, 0.2);
  params.market.assets[0].name = "A";
  params.market.assets[0].spot = 100;
  params.instruments.resize(1);
  params.instruments[0].name = "option";
  params.instruments[0].expiry_years = 1;
  params.instruments[0].strike = 100;
  params.simulation.paths = 2048;
  params.simulation.tile_paths = tile_paths;
  auto const job = make_price_job(params);
  std::uint64_t const tiles = job->stages().back();
  std::vector<std::int64_t> sums(job->slots());
  std::vector<TileDigest> digests(tiles);
  job->make_runner({})->run({0, tiles}, sums, digests);
  job->normalize(sums);
  auto const tables = job->results(sums, tiles);
  return {sums, {column<double>(tables[0], "price", 0), column<double>(tables[0], "price_stderr", 0)}};
}

TEST(Tiles, OfAnySizeGiveTheSameSums) {
  auto const [whole, outcome] = cut(2048);
  for (std::uint64_t tile_paths : {2u, 64u, 256u, 512u, 1024u}) {
    auto const [sums, other] = cut(tile_paths);
    EXPECT_EQ(sums, whole) << tile_paths;
    EXPECT_EQ(other.mean, outcome.mean) << tile_paths;
    EXPECT_EQ(other.standard_error, outcome.standard_error) << tile_paths;
  }
}

TEST(Reference, SinglePrecision) { expect_references(Precision::single_precision); }
TEST(Reference, DoublePrecision) { expect_references(Precision::double_precision); }

}  // namespace
