#include "jobs/price/render.hpp"

#include "core/error.hpp"

namespace muster::jobs::price {
namespace {

AssetInput to_input(Asset const& asset, ModelKind model) {
  AssetInput input;
  static_cast<Asset&>(input) = asset;
  input.read = asset_keys_of(model);
  return input;
}

InstrumentInput to_input(Instrument const& instrument, std::vector<Asset> const& assets) {
  InstrumentInput input;
  static_cast<Instrument&>(input) = instrument;
  for (auto const index : instrument.assets) {
    MUSTER_ASSERT(index < assets.size(), "instrument {} is on asset {}", instrument.name, index);
    input.asset_names.push_back(assets[index].name);
  }
  if (!input.asset_names.empty()) input.asset_name = input.asset_names.front();
  return input;
}

MarketInput to_input(Market const& market) {
  MarketInput input;
  input.currency = market.currency;
  if (!market.valuation.empty()) input.valuation = parse_civil_time(market.valuation);
  input.model = market.model;
  input.rate = market.rate;
  for (auto const& asset : market.assets) input.assets.push_back(to_input(asset, market.model));
  input.correlation = market.correlation;
  MUSTER_ASSERT(market.correlation.size() == market.assets.size() * market.assets.size());
  return input;
}

}  // namespace

JobInput to_input(Params const& params) {
  JobInput input;
  input.name = params.name;
  input.seed = params.seed;
  input.method = params.method;
  input.outputs = params.outputs;
  input.market = to_input(params.market);
  static_cast<Simulation&>(input.simulation) = params.simulation;
  input.instruments.reserve(params.instruments.size());
  for (auto const& instrument : params.instruments)
    input.instruments.push_back(to_input(instrument, params.market.assets));
  return input;
}

std::string render_params(Params const& params) {
  JobInput const input = to_input(params);
  return schema::render(job_table(), &input);
}

}  // namespace muster::jobs::price
