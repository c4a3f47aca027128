// The job file of `price` as plain data before it is resolved, and its field tables: the one place
// that says which keys there are, what they mean and what they take.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instant.hpp"
#include "core/schema.hpp"
#include "jobs/price/params.hpp"
#include "topology/plan.hpp"

namespace muster::jobs::price {

inline constexpr std::size_t limit_assets = 16;  ///< the widest path group the kernels have
inline constexpr std::size_t limit_instruments = 1'000'000;
inline constexpr std::size_t limit_fixings = 10'000;  ///< of one instrument
inline constexpr std::size_t limit_fixings_in_all = 4'194'304;
inline constexpr double limit_expiry_years = 100;
inline constexpr double limit_amount = 1e12;  ///< of currency
inline constexpr double limit_multiplier = 1e9;
inline constexpr double limit_quote_discount = 1e6;
inline constexpr double limit_quote_volatility = 100;

/// What an instrument's keys depend on: its kind, and where it matters how it observes and settles.
enum class Shape : std::uint32_t {
  european,
  digital_cash,
  digital_asset,
  asian,
  asian_floating,
  barrier,
  barrier_discrete,
  double_barrier,
  double_barrier_discrete,
  lookback,
  lookback_floating,
  lookback_discrete,
  lookback_floating_discrete,
  basket,
  spread,
  best_of,
  worst_of,
};
Shape shape_of(Instrument const& instrument);

struct AssetInput : Asset {
  /// What the market's model reads of an asset; all while the model is not known.
  schema::Variants read = schema::every_variant;
  schema::Marks marks;
};
schema::Variants asset_keys_of(ModelKind model);

struct MarketInput {
  std::string currency = "USD";
  std::optional<CivilTime> valuation;
  ModelKind model = ModelKind::black_scholes;
  Curve rate;
  std::vector<AssetInput> assets;
  TomlView correlation_input;       ///< matrix or pairs, as given
  std::vector<double> correlation;  ///< only for canonical text
  schema::Marks marks;
};

struct SimulationInput : Simulation {
  schema::Marks marks;
};

struct InstrumentInput : Instrument {
  std::string asset_name;
  std::vector<std::string> asset_names;
  std::optional<CivilTime> expiry;
  std::uint64_t fixings = 0;
  schema::Marks marks;
};

enum class StrategyKind {
  vertical,
  straddle,
  strangle,
  butterfly,
  iron_condor,
  calendar,
  collar,
  covered_call,
  cash_secured_put,
  custom,
};

struct StrategyInput {
  std::string name;
  StrategyKind kind = StrategyKind::custom;
  std::string asset;
  std::vector<double> strikes;
  std::vector<double> expiry_years;
  std::vector<CivilTime> expiries;
  Right right = Right::call;
  double quantity = 1;
  double multiplier = 1;
  std::vector<InstrumentInput> legs;
  schema::Marks marks;
};

struct BookInput {
  std::string file;
  schema::Marks marks;
};

enum class JobKind { price };

struct JobInput {
  JobKind kind = JobKind::price;
  std::string name = "price";
  topology::Mode mode = topology::Mode::cpu;  ///< meant where the key was given
  std::uint64_t seed = 1;
  Method method = Method::both;
  std::vector<Output> outputs{Output::price};
  MarketInput market;
  SimulationInput simulation;
  BookInput book;
  std::vector<InstrumentInput> instruments;
  std::vector<StrategyInput> strategies;
  schema::Marks marks;
};

schema::Table const& job_table();
schema::Table const& market_table();
schema::Table const& asset_table();
schema::Table const& simulation_table();
schema::Table const& instrument_table();
schema::Table const& strategy_table();

/// Names as they stand in job files, in the order of the enums.
schema::Names kind_names();
schema::Names strategy_kind_names();
schema::Names output_names();
schema::Names model_names();

}  // namespace muster::jobs::price
