// The job, its market and its simulation; instruments and strategies are in fields_book.cpp.
#include "jobs/price/fields.hpp"

#include "jobs/price/hooks.hpp"

namespace muster::jobs::price {
namespace {

using schema::above_up_to;
using schema::at_least;
using schema::between;
using schema::Field;

constexpr std::array<std::string_view, 1> job_kinds{"price"};
constexpr std::array<std::string_view, 3> methods{"closed_form", "monte_carlo", "both"};
constexpr std::array<std::string_view, 2> precisions{"single", "double"};
constexpr std::array<std::string_view, 3> models{"black_scholes", "merton", "heston"};
constexpr std::array<std::string_view, 11> outputs{"price",
                                                   "delta",
                                                   "gamma",
                                                   "vega",
                                                   "vanna",
                                                   "volga",
                                                   "rho",
                                                   "theta",
                                                   "cross_gamma",
                                                   "correlation_vega",
                                                   "implied_volatility"};

constexpr schema::Variants bit(ModelKind model) {
  return schema::Variants{1} << static_cast<unsigned>(model);
}

schema::Table const& cash_dividend_table() {
  using F = schema::Of<CashDividend>;
  static schema::Table const table = F::table(
      "cash_dividends", "A discrete cash dividend.",
      {F::number<&CashDividend::years>("years", "years", above_up_to(0, limit_expiry_years),
                                       "ex-date, from the valuation instant")
           .required(),
       F::number<&CashDividend::amount>("amount", "currency", above_up_to(0, 1e12), "cash a share")
           .required()});
  return table;
}

schema::Table const& heston_table() {
  using F = schema::Of<Heston>;
  static schema::Table const table = F::table(
      "heston", "Heston's stochastic variance: dv = kappa (theta - v) dt + xi sqrt(v) dW.",
      {F::number<&Heston::v0>("v0", "1/year", between(0, 10), "variance now").required(),
       F::number<&Heston::kappa>("kappa", "1/year", above_up_to(0, 100), "speed of reversion")
           .required(),
       F::number<&Heston::theta>("theta", "1/year", between(0, 10), "long-run variance").required(),
       F::number<&Heston::xi>("xi", "1/year", between(0, 10), "volatility of the variance")
           .required(),
       F::number<&Heston::rho>("rho", "1", between(-1, 1), "correlation of spot and variance")
           .required()});
  return table;
}

schema::Table const& merton_table() {
  using F = schema::Of<Merton>;
  static schema::Table const table = F::table(
      "merton", "Merton's jumps: log jumps are normal and arrive as a Poisson process.",
      {F::number<&Merton::intensity>("intensity", "1/year", between(0, 1000),
                                     "expected jumps a year")
           .required(),
       F::number<&Merton::jump_mean>("jump_mean", "1", between(-10, 10), "mean of the log jump")
           .required(),
       F::number<&Merton::jump_volatility>("jump_volatility", "1", between(0, 10),
                                           "standard deviation of the log jump")
           .required()});
  return table;
}

/// A curve that was not given is one value of 0.
template <Curve Asset::*Member>
bool is_absent_curve(void const* record) {
  return static_cast<AssetInput const*>(record)->*Member == Curve{};
}

template <Curve Asset::*Member>
Field asset_curve(std::string_view key, std::string_view unit, schema::Range range,
                  std::string_view help) {
  return schema::Of<AssetInput>::custom(
      key, unit, range, help,
      {.read =
           [](Field const& field, void* r, TomlView value, std::string_view name, Faults& faults) {
             return read_curve(static_cast<AssetInput*>(r)->*Member, field, value, name, faults);
           },
       .render =
           [](void const* r) { return render_curve(static_cast<AssetInput const*>(r)->*Member); },
       .type = "number or curve"});
}

Field volatility_field() {
  Field field =
      asset_curve<&AssetInput::volatility>("volatility", "1/sqrt(year)", above_up_to(0, 10),
                                           "Black volatility as a fraction, 0.2 means 20 %");
  field.custom.is_absent = is_absent_curve<&AssetInput::volatility>;
  return field;
}

Field rate_field() {
  return schema::Of<MarketInput>::custom(
      "rate", "1/year", between(-1, 10), "continuous zero rate as a fraction, 0.03 means 3 %",
      {.read =
           [](Field const& field, void* r, TomlView value, std::string_view name, Faults& faults) {
             return read_curve(static_cast<MarketInput*>(r)->rate, field, value, name, faults);
           },
       .render =
           [](void const* r) { return render_curve(static_cast<MarketInput const*>(r)->rate); },
       .type = "number or curve"});
}

Field valuation_field() {
  return schema::Of<MarketInput>::custom(
             "valuation", "", {},
             "the instant of valuation; a date alone is the New York close of that day",
             {.read =
                  [](Field const& field, void* r, TomlView value, std::string_view name,
                     Faults& faults) {
                    bool const is_none = value.kind() == TomlKind::text &&
                                         value.text().empty();  // canonical text says so
                    return is_none || read_time(static_cast<MarketInput*>(r)->valuation, field,
                                                value, name, faults);
                  },
              .render =
                  [](void const* r) {
                    auto const& time = static_cast<MarketInput const*>(r)->valuation;
                    return schema::quoted(time ? format_instant(*to_instant(*time)) : "");
                  },
              .type = "date or date-time"})
      .defaulting("none");
}

Field correlation_field() {
  return schema::Of<MarketInput>::custom(
             "correlation", "1", between(-1, 1),
             "matrix rows in the order of the assets, or pairs [{ a = \"X\", b = \"Y\", value = "
             "0.5 }]; "
             "pairs left out are 0",
             {.read =
                  [](Field const&, void* r, TomlView value, std::string_view, Faults&) {
                    static_cast<MarketInput*>(r)->correlation_input = value;
                    return true;
                  },
              .render =
                  [](void const* r) {
                    auto const& market = *static_cast<MarketInput const*>(r);
                    return render_matrix(market.correlation, market.assets.size());
                  },
              .type = "matrix or pairs"})
      .defaulting("no correlation");
}

Field target_field() {
  return schema::Of<SimulationInput>::custom(
      "target_stderr", "currency or 1", between(0, 1e12),
      "stop when every output's standard error is at most this (absolute, or relative to its "
      "value); 0 means never",
      {.read =
           [](Field const& field, void* r, TomlView value, std::string_view name, Faults& faults) {
             return read_target(static_cast<SimulationInput*>(r)->stop, field, value, name, faults);
           },
       .render =
           [](void const* r) {
             return render_target(static_cast<SimulationInput const*>(r)->stop);
           },
       .type = "number or { relative = number }"});
}

/// max_paths lives in the stop rule, one struct further in.
Field max_paths_field() {
  Field field;
  field.key = "max_paths";
  field.type = schema::Type::count;
  field.unit = "paths";
  field.range = between(0, 0x1p40);
  field.help = "with target_stderr, stop here at the latest";
  field.at = [](void* r) -> void* { return &static_cast<SimulationInput*>(r)->stop.max_paths; };
  return field.automatic("64 times paths; 0 without a target");
}

}  // namespace

schema::Names output_names() { return outputs; }
schema::Names model_names() { return models; }

schema::Variants asset_keys_of(ModelKind model) { return bit(model); }

schema::Table const& asset_table() {
  using F = schema::Of<AssetInput>;
  constexpr auto diffusions = bit(ModelKind::black_scholes) | bit(ModelKind::merton);
  static schema::Table const table = [] {
    auto made = F::table(
        "asset", "An underlying.",
        {F::text<&AssetInput::name>("name", "the name that instruments and option symbols use")
             .required(),
         F::number<&AssetInput::spot>("spot", "currency", above_up_to(0, 1e12), "price now")
             .required(),
         asset_curve<&AssetInput::dividend>(
             "dividend", "1/year", between(-1, 10),
             "continuous dividend yield as a fraction, 0.02 means 2 %"),
         volatility_field()
             .only(diffusions)
             .defaulting("required where an instrument without a quote reads it"),
         F::records<&AssetInput::cash_dividends>("cash_dividends", cash_dividend_table,
                                                 "discrete cash dividends, ascending in time")
             .at_most_items(1024),
         F::record<&AssetInput::heston>("heston", heston_table, "the variance of Heston's model")
             .only(bit(ModelKind::heston))
             .defaulting("required by heston"),
         F::record<&AssetInput::merton>("merton", merton_table, "the jumps of Merton's model")
             .only(bit(ModelKind::merton))
             .defaulting("required by merton")});
    made.variants = [](void const* r) { return static_cast<AssetInput const*>(r)->read; };
    made.variant_names = models;
    return made;
  }();
  return table;
}

schema::Table const& market_table() {
  using F = schema::Of<MarketInput>;
  static schema::Table const table = F::table(
      "market", "What the instruments are priced on.",
      {F::text<&MarketInput::currency>("currency", "currency of every amount in the file"),
       valuation_field(), F::choice<&MarketInput::model>("model", models, "model of all assets"),
       rate_field(),
       F::records<&MarketInput::assets>("asset", asset_table, "the underlyings")
           .required()
           .at_most_items(limit_assets),
       correlation_field()});
  return table;
}

schema::Table const& simulation_table() {
  using F = schema::Of<SimulationInput>;
  static schema::Table const table = F::table(
      "simulation", "How Monte Carlo is done.",
      {F::count<&SimulationInput::paths>("paths", "paths", between(1, 0x1p40),
                                         "simulated paths; an antithetic pair counts as two")
           .automatic("262144, 1048576 or 4194304 by tier"),
       F::count<&SimulationInput::tile_paths>(
           "tile_paths", "paths", between(1, 0x1p24),
           "paths a tile, a power of two; part of the answer, not of the machine")
           .automatic("the largest power of two with tile_paths * (steps to the last expiry * "
                      "assets + 8 * "
                      "instruments) at most 2^24, between 2^10 and 2^18, and not above paths"),
       F::number<&SimulationInput::steps_per_year>("steps_per_year", "1/year", above_up_to(0, 1e6),
                                                   "time steps a year where the model needs them"),
       F::choice<&SimulationInput::precision>("precision", precisions,
                                              "arithmetic of the paths; sums are exact in both")
           .automatic("single; double on the high tier"),
       F::flag<&SimulationInput::antithetic>(
           "antithetic", "simulate each path with its mirror image; paths is even then"),
       F::flag<&SimulationInput::control_variate>("control_variate",
                                                  "correct estimates by a control of known mean"),
       target_field(), max_paths_field()});
  return table;
}

schema::Table const& job_table() {
  using F = schema::Of<JobInput>;
  static schema::Table const table = [] {
    static schema::Table const book = schema::Of<BookInput>::table(
        "book",
        "Instruments in a file: a CSV file with one a row, columns named as the keys of "
        "[[instrument]], lists separated by `;`, and `symbol` for OCC option symbols; or a market "
        "file of `muster import`.",
        {schema::Of<BookInput>::text<&BookInput::file>("file", "path, relative to the job file")
             .required()});
    return F::table(
        "price", "What the job is.",
        {F::choice<&JobInput::kind>("kind", job_kinds, "the kind of job").required(),
         F::text<&JobInput::name>("name", "name of the job").defaulting("the file's name"),
         F::choice<&JobInput::mode>(
             "mode", topology::mode_words,
             "how to drive the GPUs; --mode on the command line wins; no part of the answer")
             .defaulting("by the number of GPUs")
             .input_only(),
         F::count<&JobInput::seed>("seed", "", between(0, 0x1p63), "seed of the random numbers"),
         F::choice<&JobInput::method>(
             "method", methods, "closed forms where there are, Monte Carlo, or both side by side")
             .automatic("both; closed_form where an instrument has a quote, and on the low tier "
                        "when every instrument is european or digital"),
         F::choices<&JobInput::outputs>("outputs", outputs, "what to estimate")
             .automatic(
                 "price and delta on the low tier, else price and every Greek that the book has"),
         F::record<&JobInput::market>("market", market_table, "what the instruments are priced on")
             .defaulting("required, unless the book is a market file"),
         F::record<&JobInput::simulation>("simulation", simulation_table,
                                          "how Monte Carlo is done"),
         F::record<&JobInput::book>(
             "book", []() -> schema::Table const& { return book; }, "a file of instruments")
             .input_only(),
         F::records<&JobInput::instruments>("instrument", instrument_table, "the contracts")
             .at_most_items(limit_instruments),
         F::records<&JobInput::strategies>("strategy", strategy_table,
                                           "named positions of several legs")
             .input_only()
             .at_most_items(limit_instruments)});
  }();
  return table;
}

}  // namespace muster::jobs::price
