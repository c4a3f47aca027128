#include "tests/jobs/price/digest_matrix.hpp"

#include <fmt/core.h>

#include "jobs/price/price_job.hpp"
#include "kernels/device_pool.hpp"

namespace muster::jobs::price {
namespace {

Params base() {
  Params p;
  p.name = "matrix";
  p.seed = 20260102;
  p.method = Method::monte_carlo;
  p.simulation.paths = 8192;
  p.simulation.tile_paths = 2048;
  p.simulation.steps_per_year = 64;
  p.market.rate = {{0.25, 1.0}, {0.04, 0.03}};
  Asset asset;
  asset.name = "A";
  asset.spot = 100;
  asset.dividend = {{0.0}, {0.01}};
  asset.volatility = {{0.25, 1.0}, {0.25, 0.22}};
  p.market.assets.push_back(asset);
  return p;
}

Instrument option(std::string name, InstrumentKind kind, Right right = Right::call, double strike = 101, double years = 0.75) {
  Instrument i;
  i.name = std::move(name);
  i.kind = kind;
  i.right = right;
  i.strike = strike;
  i.expiry_years = years;
  return i;
}

std::vector<double> fixings(int count, double last) {
  std::vector<double> at;
  for (int k = 1; k <= count; ++k) at.push_back(last * k / count);
  return at;
}

std::vector<Instrument> european() {
  auto call = option("call", InstrumentKind::european);
  auto put = option("put", InstrumentKind::european, Right::put, 97, 0.4);
  put.quantity = -3;
  put.multiplier = 100;
  call.strategy = "pair";
  put.strategy = "pair";
  return {call, put};
}

std::vector<Instrument> digital(InstrumentKind kind) {
  auto call = option("call", kind);
  call.payout = 10;
  auto put = option("put", kind, Right::put, 103, 0.5);
  return {call, put};
}

std::vector<Instrument> asian(Averaging averaging) {
  std::vector<Instrument> all;
  for (auto strike : {StrikeKind::fixed, StrikeKind::floating}) {
    for (auto right : {Right::call, Right::put}) {
      auto i = option(fmt::format("asian{}", all.size()), InstrumentKind::asian, right);
      i.strike_kind = strike;
      i.averaging = averaging;
      i.fixing_years = fixings(9, 0.75);
      if (right == Right::put) i.past_fixings = {98, 104};
      all.push_back(i);
    }
  }
  return all;
}

std::vector<Instrument> barrier(Monitoring monitoring, RebateAt rebate_at) {
  std::vector<Instrument> all;
  for (auto kind : {BarrierKind::down_out, BarrierKind::down_in, BarrierKind::up_out, BarrierKind::up_in}) {
    for (auto right : {Right::call, Right::put}) {
      auto i = option(fmt::format("barrier{}", all.size()), InstrumentKind::barrier, right);
      i.barrier_kind = kind;
      i.barrier = kind == BarrierKind::down_out || kind == BarrierKind::down_in ? 88 : 115;
      i.rebate = 3;
      i.rebate_at = rebate_at;
      i.monitoring = monitoring;
      if (monitoring == Monitoring::discrete) i.fixing_years = fixings(12, 0.75);
      all.push_back(i);
    }
  }
  return all;
}

std::vector<Instrument> double_barrier(Monitoring monitoring) {
  std::vector<Instrument> all;
  for (auto kind : {DoubleBarrierKind::knock_out, DoubleBarrierKind::knock_in}) {
    auto i = option(fmt::format("corridor{}", all.size()), InstrumentKind::double_barrier);
    i.double_barrier_kind = kind;
    i.barrier = 80;
    i.upper_barrier = 125;
    i.rebate = 1;
    i.rebate_at = kind == DoubleBarrierKind::knock_out ? RebateAt::hit : RebateAt::expiry;
    i.monitoring = monitoring;
    if (monitoring == Monitoring::discrete) i.fixing_years = fixings(12, 0.75);
    all.push_back(i);
  }
  return all;
}

std::vector<Instrument> lookback(Monitoring monitoring) {
  std::vector<Instrument> all;
  for (auto strike : {StrikeKind::fixed, StrikeKind::floating}) {
    for (auto right : {Right::call, Right::put}) {
      auto i = option(fmt::format("lookback{}", all.size()), InstrumentKind::lookback, right);
      i.strike_kind = strike;
      i.monitoring = monitoring;
      if (monitoring == Monitoring::discrete) i.fixing_years = fixings(12, 0.75);
      all.push_back(i);
    }
  }
  return all;
}

Params correlated(int assets) {
  Params p = base();
  for (int a = 1; a < assets; ++a) {
    Asset more = p.market.assets.front();
    more.name = fmt::format("B{}", a);
    more.spot = 100 + 3 * a;
    more.volatility = {{0.0}, {0.2 + 0.02 * a}};
    p.market.assets.push_back(more);
  }
  for (int i = 0; i < assets; ++i)
    for (int j = 0; j < assets; ++j) p.market.correlation.push_back(i == j ? 1.0 : 0.4);
  return p;
}

std::vector<Instrument> multi_asset(InstrumentKind kind, int assets) {
  std::vector<Instrument> all;
  for (auto right : {Right::call, Right::put}) {
    auto i = option(fmt::format("multi{}", all.size()), kind, right, kind == InstrumentKind::spread ? 2 : 100);
    i.assets.clear();
    for (int a = 0; a < assets; ++a) i.assets.push_back(static_cast<std::uint32_t>(a));
    if (kind == InstrumentKind::basket) i.weights.assign(static_cast<std::size_t>(assets), 1.0 / assets);
    if (kind == InstrumentKind::spread) i.weights = {1, -1};
    all.push_back(i);
  }
  auto single = option("single", InstrumentKind::european);
  single.assets = {static_cast<std::uint32_t>(assets - 1)};
  all.push_back(single);
  return all;
}

/// A row for each precision, and the options of the simulation spread over them.
void add(std::vector<MatrixRow>& rows, std::string const& name, Params params, std::vector<Instrument> instruments) {
  params.instruments = std::move(instruments);
  params.simulation.precision = Precision::single_precision;
  params.simulation.antithetic = true;
  params.simulation.control_variate = true;
  rows.push_back({name + ".single", params});
  params.simulation.antithetic = false;
  params.simulation.control_variate = false;
  rows.push_back({name + ".single_plain", params});
  params.simulation.precision = Precision::double_precision;
  params.simulation.control_variate = true;
  rows.push_back({name + ".double", params});
  params.simulation.antithetic = true;
  rows.push_back({name + ".double_antithetic", params});
}

/// Every single-asset instrument there is.
std::vector<Instrument> one_of_each() {
  std::vector<Instrument> all;
  for (auto const& some : {european(), digital(InstrumentKind::digital_cash), digital(InstrumentKind::digital_asset),
                           asian(Averaging::arithmetic), asian(Averaging::geometric), barrier(Monitoring::continuous, RebateAt::hit),
                           barrier(Monitoring::discrete, RebateAt::hit), double_barrier(Monitoring::continuous),
                           double_barrier(Monitoring::discrete), lookback(Monitoring::continuous), lookback(Monitoring::discrete)})
    for (auto i : some) {
      i.name += fmt::format(" {}", all.size());
      all.push_back(i);
    }
  return all;
}

Params under(ModelKind model) {
  Params p = base();
  p.market.model = model;
  p.market.assets[0].merton = {0.7, -0.1, 0.2};
  p.market.assets[0].heston = {0.05, 1.2, 0.06, 0.7, -0.6};
  return p;
}

Params with_greeks(Params p) {
  p.outputs = {Output::price, Output::delta, Output::gamma, Output::vega, Output::rho, Output::theta};
  if (p.market.model != ModelKind::heston) p.outputs.insert(p.outputs.end(), {Output::vanna, Output::volga});
  if (p.market.assets.size() > 1) p.outputs.insert(p.outputs.end(), {Output::cross_gamma, Output::correlation_vega});
  p.simulation.steps_per_year = 12;
  p.simulation.paths = 2048;
  p.simulation.tile_paths = 512;
  return p;
}

}  // namespace

std::vector<MatrixRow> digest_matrix() {
  std::vector<MatrixRow> rows;
  add(rows, "european", base(), european());
  add(rows, "digital_cash", base(), digital(InstrumentKind::digital_cash));
  add(rows, "digital_asset", base(), digital(InstrumentKind::digital_asset));
  add(rows, "asian_arithmetic", base(), asian(Averaging::arithmetic));
  add(rows, "asian_geometric", base(), asian(Averaging::geometric));
  add(rows, "barrier_continuous", base(), barrier(Monitoring::continuous, RebateAt::hit));
  add(rows, "barrier_discrete", base(), barrier(Monitoring::discrete, RebateAt::expiry));
  add(rows, "double_barrier_continuous", base(), double_barrier(Monitoring::continuous));
  add(rows, "double_barrier_discrete", base(), double_barrier(Monitoring::discrete));
  add(rows, "lookback_continuous", base(), lookback(Monitoring::continuous));
  add(rows, "lookback_discrete", base(), lookback(Monitoring::discrete));
  add(rows, "basket", correlated(3), multi_asset(InstrumentKind::basket, 3));
  add(rows, "basket_wide", correlated(13), multi_asset(InstrumentKind::basket, 13));
  add(rows, "spread", correlated(2), multi_asset(InstrumentKind::spread, 2));
  add(rows, "best_of", correlated(5), multi_asset(InstrumentKind::best_of, 5));
  add(rows, "worst_of", correlated(2), multi_asset(InstrumentKind::worst_of, 2));
  Params dividends = base();
  dividends.market.assets[0].cash_dividends = {{0.2, 1.5}, {0.6, 2.0}};
  add(rows, "cash_dividends", dividends, european());
  add(rows, "merton", under(ModelKind::merton), one_of_each());
  add(rows, "heston", under(ModelKind::heston), one_of_each());
  add(rows, "greeks", with_greeks(base()), one_of_each());
  add(rows, "greeks_merton", with_greeks(under(ModelKind::merton)), one_of_each());
  add(rows, "greeks_heston", with_greeks(under(ModelKind::heston)), one_of_each());
  add(rows, "greeks_basket", with_greeks(correlated(3)), multi_asset(InstrumentKind::basket, 3));
  add(rows, "greeks_spread", with_greeks(correlated(2)), multi_asset(InstrumentKind::spread, 2));
  add(rows, "greeks_best_of", with_greeks(correlated(2)), multi_asset(InstrumentKind::best_of, 2));
  add(rows, "greeks_worst_of", with_greeks(correlated(2)), multi_asset(InstrumentKind::worst_of, 2));
  add(rows, "greeks_cash_dividends", with_greeks(dividends), european());
  return rows;
}

std::string tiles_digest(Params const& params, int tiles, bool on_gpu) {
  auto const job = make_price_job(params);
  kernels::DevicePool pool([] { return kernels::Opened{kernels::open_cuda(0)}; });
  Device device;
  if (on_gpu) device = {Device::Kind::cuda, 0, UINT64_MAX, &pool};
  auto const runner = job->make_runner(device);
  std::vector<std::int64_t> sums(job->slots());
  std::vector<TileDigest> digests(static_cast<std::size_t>(tiles));
  runner->run({0, static_cast<std::uint64_t>(tiles)}, sums, digests);
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (auto const& digest : digests) {
    high = high * 0x9e3779b97f4a7c15u + digest.high;
    low = low * 0xd1b54a32d192ed03u + digest.low;
  }
  return fmt::format("{:016x}{:016x}", high, low);
}

}  // namespace muster::jobs::price
