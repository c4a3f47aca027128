// Closed forms and implied volatility on one core, beside QuantLib's closed form where the build
// found it.
//   bench_closed [CHAIN]   CHAIN is what `muster import` reads: its rows are solved for volatility
//   too
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "bench/closed/options.hpp"
#include "core/error.hpp"
#include "io/import/chain.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/isa.hpp"

namespace muster::bench {
namespace {

using namespace kernels;

/// Expiries are whole days, so that QuantLib's dates give the same years.
Options draw_options(std::size_t count) {
  std::mt19937_64 bits(7);
  auto const between = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
  };
  Options o;
  for (std::size_t i = 0; i < count; ++i) {
    o.spot.push_back(between(80, 120));
    o.strike.push_back(between(60, 150));
    o.years.push_back(std::floor(between(7, 1100)) / 365);
    o.rate.push_back(between(-0.01, 0.08));
    o.dividend.push_back(between(0, 0.04));
    o.volatility.push_back(between(0.05, 0.8));
    o.side.push_back((bits() & 1) != 0 ? 1 : -1);
  }
  return o;
}

/// The best of many passes, a few tenths of a second of them.
template <class F>
double ns_each(std::size_t count, F pass) {
  double best = 1e300, spent = 0;
  while (spent < 4e8) {
    auto const begin = std::chrono::steady_clock::now();
    pass();
    std::chrono::duration<double, std::nano> const took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
    spent += took.count();
  }
  return best / static_cast<double>(count);
}

void print(std::string const& what, double ns, double peer_ns) {
  fmt::print("  {:<44} {:>9.1f}", what, ns);
  if (peer_ns > 0) fmt::print(" {:>8.1f}x", peer_ns / ns);
  fmt::print("\n");
}

double sum_of(std::vector<double> const& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

/// The engine's time for the same options, 0 without QuantLib; prices must agree.
double print_peer([[maybe_unused]] Options const& o, [[maybe_unused]] double price_sum) {
#if defined(MUSTER_BENCH_QUANTLIB)
  PeerTime const engine = quantlib_engine(o), formula = quantlib_formula(o);
  for (double sum : {engine.price_sum, formula.price_sum})
    MUSTER_REQUIRE(
        std::abs(sum - price_sum) < 1e-9 * price_sum,
        "QuantLib's prices sum to {}, muster's to {}; the benchmark compares unlike things", sum,
        price_sum);
  print(fmt::format("QuantLib {}, AnalyticEuropeanEngine", quantlib_version()), engine.ns_an_option,
        0);
  print("QuantLib, its formula alone", formula.ns_an_option, 0);
  return formula.ns_an_option;
#else
  return 0;
#endif
}

void bench_black_scholes(std::size_t count) {
  Options const o = draw_options(count);
  std::vector<std::vector<double>> c(8, std::vector<double>(count));
  BsColumns const in{o.spot.data(),     o.strike.data(),     o.years.data(), o.rate.data(),
                     o.dividend.data(), o.volatility.data(), o.side.data()};
  BsResultColumns all{c[0].data(), c[1].data(), c[2].data(), c[3].data(),
                      c[4].data(), c[5].data(), c[6].data(), c[7].data()};
  BsResultColumns six = all;
  six.vanna = six.volga = nullptr;
  std::vector<BsInput> rows;
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back({o.spot[i], o.strike[i], o.years[i], o.rate[i], o.dividend[i], o.volatility[i],
                    o.side[i] > 0});
  std::vector<BsOutput> results(count);

  black_scholes(in, all, count);
  fmt::print(
      "Black-Scholes, {} options                  ns an option   ratio to QuantLib's formula\n",
      count);
  double const peer = print_peer(o, sum_of(c[0]));
  print("price and 5 Greeks, by columns", ns_each(count, [&] { black_scholes(in, six, count); }),
        peer);
  print("price and 7 Greeks, by columns", ns_each(count, [&] { black_scholes(in, all, count); }),
        peer);
  print("price and 7 Greeks, by rows", ns_each(count, [&] { black_scholes(rows, results); }), peer);
}

void bench_implied(std::string const& chain) {
  io::MarketFile const market = io::import_chain({chain}).market;
  std::vector<ImpliedInput> quotes;
  for (io::MarketRow const& row : market.rows) {
    io::MarketExpiry const& expiry = market.expiries[row.expiry];
    if (expiry.quality == io::ExpiryQuality::unusable) continue;
    quotes.push_back({row.mid, expiry.forward, row.strike, expiry.years, expiry.discount,
                      row.right == io::OptionRight::call});
  }
  std::vector<ImpliedOutput> out(quotes.size());
  double const ns = ns_each(quotes.size(), [&] { implied_volatility(quotes, out); });
  auto const solved =
      std::count_if(out.begin(), out.end(), [](auto const& o) { return has_volatility(o.status); });
  fmt::print("Implied volatility, {}\n  {} rows, {} with a volatility{:>18.1f} ns a row\n",
             std::filesystem::path(chain).filename().string(), quotes.size(), solved, ns);
}

}  // namespace
}  // namespace muster::bench

int main(int count, char** arguments) {
  try {
    fmt::print("one core, {}\n", muster::kernels::isa_name(muster::kernels::active_isa()));
    muster::bench::bench_black_scholes(2048);
    if (count > 1) muster::bench::bench_implied(arguments[1]);
  } catch (muster::Error const& error) {
    fmt::print(stderr, "{}\n", error.what());
    return static_cast<int>(error.code());
  }
}
