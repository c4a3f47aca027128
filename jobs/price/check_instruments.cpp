#include <fmt/core.h>

#include <algorithm>
#include <unordered_set>

#include "core/text.hpp"
#include "jobs/price/check.hpp"
#include "jobs/price/fields.hpp"

namespace muster::jobs::price {
namespace {

bool is_barrier(Instrument const& i) {
  return i.kind == InstrumentKind::barrier || i.kind == InstrumentKind::double_barrier;
}

bool has_knock_in(Instrument const& i) {
  if (i.kind == InstrumentKind::double_barrier)
    return i.double_barrier_kind == DoubleBarrierKind::knock_in;
  return i.barrier_kind == BarrierKind::down_in || i.barrier_kind == BarrierKind::up_in;
}

/// One instrument with its place; each check is one rule.
struct Checking {
  Instrument const& instrument;
  Market const& market;
  schema::Marks& marks;
  Faults& faults;

  void add(std::string_view key, std::string const& message) const {
    marks.add(faults, key, message);
  }
  double spot() const { return market.assets[instrument.assets[0]].spot; }
  /// None of the keys is at fault.
  bool knows(std::initializer_list<std::string_view> keys) const { return marks.is_sound(keys); }

  void check_strike() const {
    auto const kind = instrument.kind;
    if (kind == InstrumentKind::spread || instrument.strike_kind == StrikeKind::floating) return;
    bool const is_stock_leg = kind == InstrumentKind::european && instrument.right == Right::call &&
                              !instrument.strategy.empty() && instrument.strike == 0;
    if (instrument.strike > 0 || is_stock_leg) return;
    add("strike",
        fmt::format(
            "{} is out of range (only a spread, or as 0 a european call in a strategy, has such a "
            "strike); give a number above 0",
            plain_number(instrument.strike)));
  }

  void check_assets() const {
    auto const& assets = instrument.assets;
    std::size_t const count = assets.size();
    bool const is_multi =
        instrument.kind == InstrumentKind::best_of || instrument.kind == InstrumentKind::worst_of;
    if (instrument.kind == InstrumentKind::spread && count != 2)
      add("assets",
          fmt::format("{} assets (a spread is the first less the second); name two", count));
    if (is_multi && count < 2)
      add("assets",
          fmt::format("{} asset (there is nothing to choose from); name at least two", count));
    for (std::size_t i = 0; i < count; ++i)
      if (std::find(assets.begin(), assets.begin() + static_cast<std::ptrdiff_t>(i), assets[i]) !=
          assets.begin() + static_cast<std::ptrdiff_t>(i))
        add("assets",
            fmt::format(
                "\"{}\" stands twice (each asset counts once); name it once, with its whole weight",
                printable(market.assets[assets[i]].name)));
    if (count > 1 && market.model != ModelKind::black_scholes)
      add("assets", fmt::format("several assets under model {} (only black_scholes joins assets by "
                                "correlation); change "
                                "market.model or price it in a job of its own",
                                model_names()[static_cast<std::size_t>(market.model)]));
  }

  void check_weights() const {
    if (instrument.kind != InstrumentKind::basket) return;
    if (instrument.weights.size() != instrument.assets.size())
      add("weights",
          fmt::format("{} weights for {} assets (each asset has one); make the lists equally long",
                      instrument.weights.size(), instrument.assets.size()));
    else if (std::all_of(instrument.weights.begin(), instrument.weights.end(),
                         [](double w) { return w == 0; }))
      add("weights", "all 0 (the basket is empty); give at least one");
  }

  void check_fixings() const {
    auto const& times = instrument.fixing_years;
    bool const needs =
        instrument.kind == InstrumentKind::asian || instrument.monitoring == Monitoring::discrete;
    if (!needs || !knows({"fixings", "fixing_years"})) return;
    if (times.empty() && knows({"expiry", "expiry_years"}))  // else `fixings` could not be spread
      add("fixing_years",
          "no observation (the payoff looks at the path at set times); give fixings = 12, say, or "
          "fixing_years");
    for (std::size_t i = 0; i + 1 < times.size(); ++i)
      if (!(times[i] < times[i + 1])) {
        add("fixing_years",
            fmt::format("{} does not come after {} (observation times ascend); sort them",
                        plain_number(times[i + 1]), plain_number(times[i])));
        return;
      }
    if (!times.empty() && knows({"expiry", "expiry_years"}) &&
        times.back() > instrument.expiry_years)
      add("fixing_years",
          fmt::format(
              "{} is after expiry at {} years (it cannot count any more); remove it or move the "
              "expiry",
              plain_number(times.back()), plain_number(instrument.expiry_years)));
  }

  /// A continuously watched barrier that the spot has already touched leaves no option to price.
  void check_crossed(std::string_view key, double level, bool is_crossed,
                     std::string_view side) const {
    if (!is_crossed || instrument.monitoring == Monitoring::discrete) return;
    add(key,
        fmt::format(
            "{} is already crossed: the spot is {}, {} it ({}); {}", plain_number(level),
            plain_number(spot()), side,
            has_knock_in(instrument) ? "it is knocked in and a plain option"
                                     : "it is knocked out and worth its rebate at most",
            has_knock_in(instrument) ? "price it as european" : "remove it or check the barrier"));
  }

  void check_barrier() const {
    if (!is_barrier(instrument)) return;
    if (instrument.kind == InstrumentKind::double_barrier) {
      if (!(instrument.barrier < instrument.upper_barrier)) {
        add("upper_barrier",
            fmt::format(
                "{} is not above barrier = {} (the option lives between the two); swap or mend "
                "them",
                plain_number(instrument.upper_barrier), plain_number(instrument.barrier)));
        return;
      }
      check_crossed("barrier", instrument.barrier, spot() <= instrument.barrier, "not above");
      check_crossed("upper_barrier", instrument.upper_barrier, spot() >= instrument.upper_barrier,
                    "not below");
    } else {
      bool const is_down = instrument.barrier_kind == BarrierKind::down_out ||
                           instrument.barrier_kind == BarrierKind::down_in;
      check_crossed("barrier", instrument.barrier,
                    is_down ? spot() <= instrument.barrier : spot() >= instrument.barrier,
                    is_down ? "not above" : "not below");
    }
    if (has_knock_in(instrument) && instrument.rebate_at == RebateAt::hit)
      add("rebate_at",
          "\"hit\" on a knock-in (its rebate is paid when the barrier was never hit, which is "
          "known at "
          "expiry); use \"expiry\" or remove the key");
  }

  void check_extremum() const {
    if (instrument.kind != InstrumentKind::lookback || instrument.extremum == 0) return;
    if (instrument.monitoring == Monitoring::discrete) return;  // the spot is no observation then
    // Who looks back at the minimum: calls on a floating strike, puts on a fixed one.
    bool const is_minimum =
        (instrument.right == Right::call) == (instrument.strike_kind == StrikeKind::floating);
    if (is_minimum ? instrument.extremum <= spot() : instrument.extremum >= spot()) return;
    add("extremum",
        fmt::format(
            "{} {} the spot of {} (a {} seen so far includes the spot); mend it, or 0 for the spot",
            plain_number(instrument.extremum), is_minimum ? "is above" : "is below",
            plain_number(spot()), is_minimum ? "minimum" : "maximum"));
  }

  void check_position() const {
    if (instrument.quantity == 0 && knows({"quantity"}))
      add("quantity",
          "0 (nothing is held, nothing priced); give a number or remove the instrument");
  }
};

}  // namespace

void check_instruments(Params const& params, Origins& origins, Faults& faults) {
  if (params.instruments.empty() && faults.empty())
    origins.job.add(faults, "instrument",
                    "the book is empty (there is nothing to price); give [[instrument]], "
                    "[[strategy]] or [book]");
  if (params.instruments.size() > limit_instruments)
    origins.job.add(
        faults, "instrument",
        fmt::format("{} instruments (a job prices at most {}); split the book",
                    human_count(params.instruments.size()), human_count(limit_instruments)));
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < params.instruments.size(); ++i) {
    Instrument const& instrument = params.instruments[i];
    schema::Marks& marks = origins.instruments[i];
    if (!names.insert(instrument.name).second)
      marks.add(
          faults, "name",
          fmt::format("\"{}\" names an earlier instrument too (results are told apart by name); "
                      "rename one",
                      printable(instrument.name)));
    Checking const check{instrument, params.market, marks, faults};
    if (!check.knows({"kind", "strike_kind", "monitoring"})) continue;
    check.check_position();
    check.check_fixings();
    if (check.knows({"strike", "right", "strategy"})) check.check_strike();
    if (instrument.assets.empty() || !check.knows({"asset", "assets"})) continue;
    if (origins.market.is_sound({"model"})) check.check_assets();
    if (check.knows({"weights"})) check.check_weights();
    if (!is_sound_asset(origins, instrument.assets[0])) continue;
    if (check.knows(
            {"barrier", "upper_barrier", "barrier_kind", "double_barrier_kind", "rebate_at"}))
      check.check_barrier();
    if (check.knows({"extremum", "right"})) check.check_extremum();
  }
}

}  // namespace muster::jobs::price
