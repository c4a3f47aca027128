// Instruments and strategies: which keys each kind reads.
#include <fmt/core.h>

#include "core/text.hpp"
#include "jobs/price/fields.hpp"
#include "jobs/price/hooks.hpp"

namespace muster::jobs::price {
namespace {

using schema::above_up_to;
using schema::between;
using schema::Field;
using schema::Variants;

constexpr std::array<std::string_view, 11> kinds{
    "european", "digital_cash", "digital_asset", "asian",   "barrier", "double_barrier",
    "lookback", "basket",       "spread",        "best_of", "worst_of"};
constexpr std::array<std::string_view, 17> shapes{"european",
                                                  "digital_cash",
                                                  "digital_asset",
                                                  "asian",
                                                  "asian (floating strike)",
                                                  "barrier",
                                                  "barrier (discrete)",
                                                  "double_barrier",
                                                  "double_barrier (discrete)",
                                                  "lookback",
                                                  "lookback (floating strike)",
                                                  "lookback (discrete)",
                                                  "lookback (floating strike, discrete)",
                                                  "basket",
                                                  "spread",
                                                  "best_of",
                                                  "worst_of"};
constexpr std::array<std::string_view, 2> rights{"call", "put"};
constexpr std::array<std::string_view, 2> strike_kinds{"fixed", "floating"};
constexpr std::array<std::string_view, 4> barrier_kinds{"down_out", "down_in", "up_out", "up_in"};
constexpr std::array<std::string_view, 2> double_barrier_kinds{"knock_out", "knock_in"};
constexpr std::array<std::string_view, 2> monitorings{"continuous", "discrete"};
constexpr std::array<std::string_view, 2> averagings{"arithmetic", "geometric"};
constexpr std::array<std::string_view, 2> rebate_times{"hit", "expiry"};
constexpr std::array<std::string_view, 10> strategy_kinds{
    "vertical", "straddle", "strangle",     "butterfly",        "iron_condor",
    "calendar", "collar",   "covered_call", "cash_secured_put", "custom"};

template <class... S>
constexpr Variants shapes_of(S... shape) {
  return ((Variants{1} << static_cast<unsigned>(shape)) | ...);
}
constexpr Variants asians = shapes_of(Shape::asian, Shape::asian_floating);
constexpr Variants single_barriers = shapes_of(Shape::barrier, Shape::barrier_discrete);
constexpr Variants double_barriers =
    shapes_of(Shape::double_barrier, Shape::double_barrier_discrete);
constexpr Variants barriers = single_barriers | double_barriers;
constexpr Variants lookbacks =
    shapes_of(Shape::lookback, Shape::lookback_floating, Shape::lookback_discrete,
              Shape::lookback_floating_discrete);
constexpr Variants discretes =
    shapes_of(Shape::barrier_discrete, Shape::double_barrier_discrete, Shape::lookback_discrete,
              Shape::lookback_floating_discrete);
constexpr Variants floatings =
    shapes_of(Shape::asian_floating, Shape::lookback_floating, Shape::lookback_floating_discrete);
constexpr Variants several_assets =
    shapes_of(Shape::basket, Shape::spread, Shape::best_of, Shape::worst_of);

template <class... K>
constexpr Variants strategies_of(K... kind) {
  return ((Variants{1} << static_cast<unsigned>(kind)) | ...);
}

Field expiry_field() {
  return schema::Of<InstrumentInput>::custom(
             "expiry", "", {},
             "date or date-time of expiry, instead of expiry_years; needs market.valuation",
             {.read =
                  [](Field const& field, void* r, TomlView value, std::string_view name,
                     Faults& faults) {
                    return read_time(static_cast<InstrumentInput*>(r)->expiry, field, value, name,
                                     faults);
                  },
              .read_cell =
                  [](Field const& field, void* r, std::string_view cell, Place const& place,
                     std::string_view name, Faults& faults) {
                    return read_time(static_cast<InstrumentInput*>(r)->expiry, field, cell, place,
                                     name, faults);
                  },
              .type = "date or date-time"})
      .input_only();
}

Field exercise_field() {
  return schema::Of<InstrumentInput>::custom(
             "exercise", "", {},
             "when the holder may exercise: `european` (american comes with a later release)",
             {.read = [](Field const& field, void*, TomlView value, std::string_view name,
                         Faults& faults) { return read_exercise(field, value, name, faults); },
              .read_cell = [](Field const&, void*, std::string_view cell, Place const& place,
                              std::string_view name,
                              Faults& faults) { return read_exercise(cell, place, name, faults); },
              .type = "name"})
      .input_only();
}

schema::Table const& quote_table() {
  using F = schema::Of<Quote>;
  static schema::Table const table =
      F::table("quote", "a market of the instrument's own",
               {F::number<&Quote::forward>("forward", "currency", above_up_to(0, limit_amount),
                                           "forward of the asset at expiry")
                    .required(),
                F::number<&Quote::discount>("discount", "1", above_up_to(0, limit_quote_discount),
                                            "price now of 1 at expiry")
                    .required(),
                F::number<&Quote::volatility>("volatility", "1/sqrt(year)",
                                              above_up_to(0, limit_quote_volatility),
                                              "Black volatility as a fraction")
                    .required()});
  return table;
}

bool read_quote(Field const&, void* record, TomlView value, std::string_view name, Faults& faults) {
  std::size_t const before = faults.size();
  Quote quote;
  schema::read(quote_table(), &quote, value, std::string(name), faults);
  if (faults.size() != before) return false;
  static_cast<InstrumentInput*>(record)->quote = quote;
  return true;
}

std::string render_quote(void const* record) {
  auto const& quote = static_cast<InstrumentInput const*>(record)->quote;
  if (!quote) return "";
  return fmt::format("{{ forward = {}, discount = {}, volatility = {} }}",
                     exact_number(quote->forward), exact_number(quote->discount),
                     exact_number(quote->volatility));
}

Field quote_field() {
  return schema::Of<InstrumentInput>::custom(
             "quote", "", {},
             "the instrument's own forward and discount at expiry and its own volatility, in place "
             "of the market's curves: { forward = 4500.0, discount = 0.99, volatility = 0.2 }; "
             "closed forms under black_scholes only",
             {.read = read_quote,
              .render = render_quote,
              .is_absent =
                  [](void const* r) { return !static_cast<InstrumentInput const*>(r)->quote; },
              .type = "table"})
      .defaulting("none");
}

std::vector<Field> instrument_fields() {
  using F = schema::Of<InstrumentInput>;
  using I = InstrumentInput;
  return {
      // These decide what the others mean, so they are read first.
      F::choice<&I::kind>("kind", kinds, "kind of contract"),
      F::choice<&I::strike_kind>("strike_kind", strike_kinds,
                                 "strike against a level or against the spot at expiry")
          .only(asians | lookbacks),
      F::choice<&I::monitoring>("monitoring", monitorings, "when the path is observed")
          .only(barriers | lookbacks),
      F::text<&I::name>("name", "name in the results").defaulting("the kind and a number"),
      F::text<&I::asset_name>("asset", "the underlying")
          .defaulting("the market's only asset")
          .only(~several_assets),
      F::texts<&I::asset_names>("assets", "the underlyings, at least two (a basket: at least one)")
          .only(several_assets)
          .required()
          .at_most_items(limit_assets),
      F::choice<&I::right>("right", rights, "call or put").required(),
      F::number<&I::strike>(
          "strike", "currency", between(-limit_amount, limit_amount),
          "strike price; above 0, but a spread takes any and a stock leg (a european call in a "
          "strategy) 0")
          .only(~floatings)
          .required(),
      F::number<&I::expiry_years>("expiry_years", "years", above_up_to(0, limit_expiry_years),
                                  "time to expiry from the valuation instant"),
      expiry_field(),
      exercise_field(),
      quote_field().only(shapes_of(Shape::european)),
      F::number<&I::payout>("payout", "currency", above_up_to(0, limit_amount),
                            "cash paid in the money")
          .only(shapes_of(Shape::digital_cash)),
      F::choice<&I::barrier_kind>("barrier_kind", barrier_kinds, "side and effect of the barrier")
          .only(single_barriers)
          .required(),
      F::choice<&I::double_barrier_kind>("double_barrier_kind", double_barrier_kinds,
                                         "effect of the two barriers")
          .only(double_barriers)
          .required(),
      F::number<&I::barrier>("barrier", "currency", above_up_to(0, limit_amount),
                             "barrier level; the lower one of a double barrier")
          .only(barriers)
          .required(),
      F::number<&I::upper_barrier>("upper_barrier", "currency", above_up_to(0, limit_amount),
                                   "the upper barrier level")
          .only(double_barriers)
          .required(),
      F::number<&I::rebate>("rebate", "currency", between(0, limit_amount),
                            "paid when a knock-out is knocked out or a knock-in never in")
          .only(barriers),
      F::choice<&I::rebate_at>("rebate_at", rebate_times, "when a knock-out pays its rebate")
          .only(barriers),
      F::choice<&I::averaging>("averaging", averagings, "mean of the fixings").only(asians),
      F::count<&I::fixings>(
          "fixings", "", between(1, static_cast<double>(limit_fixings)),
          "observe this many times, equally spaced, the last at expiry; instead of fixing_years")
          .only(asians | discretes)
          .input_only(),
      F::numbers<&I::fixing_years>("fixing_years", "years", above_up_to(0, limit_expiry_years),
                                   "future observation times, ascending, none after expiry")
          .only(asians | discretes)
          .at_most_items(limit_fixings),
      F::numbers<&I::past_fixings>("past_fixings", "currency", above_up_to(0, limit_amount),
                                   "values already fixed; they count in the mean")
          .only(asians)
          .at_most_items(limit_fixings),
      F::number<&I::extremum>("extremum", "currency", between(0, limit_amount),
                              "minimum or maximum seen so far; 0 means the spot")
          .only(lookbacks),
      F::numbers<&I::weights>("weights", "units", between(-1e6, 1e6),
                              "units of each asset in the basket")
          .only(shapes_of(Shape::basket))
          .required()
          .at_most_items(limit_assets),
      F::number<&I::quantity>("quantity", "contracts", between(-1e9, 1e9),
                              "contracts held; negative when sold"),
      F::number<&I::multiplier>("multiplier", "units", above_up_to(0, limit_multiplier),
                                "units of the underlying a contract (100 for listed options)"),
      F::text<&I::strategy>("strategy", "name of the strategy this is a leg of"),
  };
}

template <class Value, std::vector<Value> StrategyInput::*Member>
bool read_one_or_two(Field const& field, void* record, TomlView value, std::string_view name,
                     Faults& faults,
                     bool (*read_one)(Field const&, Value&, TomlView, std::string_view, Faults&)) {
  auto& list = static_cast<StrategyInput*>(record)->*Member;
  list.clear();
  if (value.kind() != TomlKind::array)
    return read_one(field, list.emplace_back(), value, name, faults);
  if (value.size() > 2) {
    faults.add(value.place(), name,
               "more than two expiries (only a calendar has two); give one or two");
    return false;
  }
  for (std::size_t i = 0; i < value.size(); ++i)
    if (!read_one(field, list.emplace_back(), value.at(i), name, faults)) return false;
  return true;
}

Field strategy_years_field() {
  using F = schema::Of<StrategyInput>;
  return F::custom(
      "expiry_years", "years", above_up_to(0, limit_expiry_years),
      "time to expiry; a calendar has [near, far]",
      {.read =
           [](Field const& field, void* r, TomlView value, std::string_view name, Faults& faults) {
             return read_one_or_two<double, &StrategyInput::expiry_years>(
                 field, r, value, name, faults,
                 [](Field const& f, double& to, TomlView one, std::string_view n, Faults& all) {
                   Curve number;  // a curve of one number has the same checks
                   if (one.kind() != TomlKind::integer && one.kind() != TomlKind::number) {
                     all.add(one.place(), n,
                             one.describe() + " is not a number (time to expiry); give years");
                     return false;
                   }
                   if (!read_curve(number, f, one, n, all)) return false;
                   to = number.values[0];
                   return true;
                 });
           },
       .type = "number or two numbers"});
}

Field strategy_expiry_field() {
  using F = schema::Of<StrategyInput>;
  return F::custom(
      "expiry", "", {},
      "date of expiry, instead of expiry_years; a calendar has [near, far]; needs market.valuation",
      {.read =
           [](Field const& field, void* r, TomlView value, std::string_view name, Faults& faults) {
             return read_one_or_two<CivilTime, &StrategyInput::expiries>(
                 field, r, value, name, faults,
                 [](Field const& f, CivilTime& to, TomlView one, std::string_view n, Faults& all) {
                   std::optional<CivilTime> time;
                   if (!read_time(time, f, one, n, all)) return false;
                   to = *time;
                   return true;
                 });
           },
       .type = "date or two dates"});
}

}  // namespace

Shape shape_of(Instrument const& instrument) {
  bool const is_floating = instrument.strike_kind == StrikeKind::floating;
  bool const is_discrete = instrument.monitoring == Monitoring::discrete;
  auto const pick = [](bool second, Shape first, Shape other) { return second ? other : first; };
  switch (instrument.kind) {
    case InstrumentKind::european:
      return Shape::european;
    case InstrumentKind::digital_cash:
      return Shape::digital_cash;
    case InstrumentKind::digital_asset:
      return Shape::digital_asset;
    case InstrumentKind::asian:
      return pick(is_floating, Shape::asian, Shape::asian_floating);
    case InstrumentKind::barrier:
      return pick(is_discrete, Shape::barrier, Shape::barrier_discrete);
    case InstrumentKind::double_barrier:
      return pick(is_discrete, Shape::double_barrier, Shape::double_barrier_discrete);
    case InstrumentKind::lookback:
      return is_floating
                 ? pick(is_discrete, Shape::lookback_floating, Shape::lookback_floating_discrete)
                 : pick(is_discrete, Shape::lookback, Shape::lookback_discrete);
    case InstrumentKind::basket:
      return Shape::basket;
    case InstrumentKind::spread:
      return Shape::spread;
    case InstrumentKind::best_of:
      return Shape::best_of;
    case InstrumentKind::worst_of:
      return Shape::worst_of;
  }
  return Shape::european;
}

schema::Names kind_names() { return kinds; }
schema::Names strategy_kind_names() { return strategy_kinds; }

schema::Table const& instrument_table() {
  static schema::Table const table = [] {
    auto made = schema::Of<InstrumentInput>::table(
        "instrument", "A contract. Each kind refuses keys that it does not read.",
        instrument_fields());
    made.variants = [](void const* r) {
      return shapes_of(shape_of(*static_cast<InstrumentInput const*>(r)));
    };
    made.variant_names = shapes;
    made.deciding_fields = 3;
    return made;
  }();
  return table;
}

schema::Table const& strategy_table() {
  using F = schema::Of<StrategyInput>;
  using S = StrategyInput;
  constexpr Variants custom = strategies_of(StrategyKind::custom);
  static schema::Table const table = [] {
    auto made = F::table(
        "strategy", "A position of several legs, priced leg by leg and in total.",
        {F::choice<&S::kind>("kind", strategy_kinds, "which legs").required(),
         F::text<&S::name>("name", "name in the results").required(),
         F::text<&S::asset>("asset", "the underlying")
             .defaulting("the market's only asset")
             .only(~custom),
         F::choice<&S::right>("right", rights, "call or put")
             .only(strategies_of(StrategyKind::vertical, StrategyKind::butterfly,
                                 StrategyKind::calendar))
             .required(),
         F::numbers<&S::strikes>(
             "strikes", "currency", above_up_to(0, limit_amount),
             "vertical: bought, sold; straddle, calendar, covered_call, cash_secured_put: one; "
             "strangle and collar: put, call; butterfly: three and iron_condor: four, ascending")
             .only(~custom)
             .required()
             .at_most_items(4),
         strategy_years_field().only(~custom), strategy_expiry_field().only(~custom),
         F::number<&S::quantity>("quantity", "contracts", between(-1e9, 1e9),
                                 "times the whole strategy; negative when sold"),
         F::number<&S::multiplier>("multiplier", "units", above_up_to(0, limit_multiplier),
                                   "units of the underlying a contract")
             .only(~custom),
         F::records<&S::legs>("legs", instrument_table,
                              "the legs, each with the keys of an instrument")
             .only(custom)
             .required()
             .at_most_items(64)});
    made.variants = [](void const* r) {
      return strategies_of(static_cast<StrategyInput const*>(r)->kind);
    };
    made.variant_names = strategy_kinds;
    made.deciding_fields = 1;
    return made;
  }();
  return table;
}

}  // namespace muster::jobs::price
