#include "jobs/price/strategies.hpp"

#include <fmt/core.h>

#include <span>

#include "core/text.hpp"

namespace muster::jobs::price {
namespace {

/// One leg of a template. `right` as the strategy's where it has one.
struct Leg {
  std::string_view role;
  enum class Of { call, put, stock, chosen } of;
  std::size_t strike;  ///< which of the strikes
  double ratio;        ///< contracts for one strategy; negative when sold
  std::size_t expiry = 0;
};

struct Template {
  std::span<Leg const> legs;
  std::size_t strikes;
  bool ascending;  ///< strikes must ascend; otherwise they must differ
  std::size_t expiries = 1;
};

constexpr auto call = Leg::Of::call, put = Leg::Of::put, stock = Leg::Of::stock,
               chosen = Leg::Of::chosen;
constexpr std::array<Leg, 2> vertical{{{"long", chosen, 0, 1}, {"short", chosen, 1, -1}}};
constexpr std::array<Leg, 2> straddle{{{"call", call, 0, 1}, {"put", put, 0, 1}}};
constexpr std::array<Leg, 2> strangle{{{"put", put, 0, 1}, {"call", call, 1, 1}}};
constexpr std::array<Leg, 3> butterfly{
    {{"lower", chosen, 0, 1}, {"body", chosen, 1, -2}, {"upper", chosen, 2, 1}}};
constexpr std::array<Leg, 4> iron_condor{{{"long_put", put, 0, 1},
                                          {"short_put", put, 1, -1},
                                          {"short_call", call, 2, -1},
                                          {"long_call", call, 3, 1}}};
constexpr std::array<Leg, 2> calendar{{{"near", chosen, 0, -1, 0}, {"far", chosen, 0, 1, 1}}};
constexpr std::array<Leg, 3> collar{
    {{"stock", stock, 0, 1}, {"long_put", put, 0, 1}, {"short_call", call, 1, -1}}};
constexpr std::array<Leg, 2> covered_call{{{"stock", stock, 0, 1}, {"short_call", call, 0, -1}}};
constexpr std::array<Leg, 1> cash_secured_put{{{"short_put", put, 0, -1}}};

Template template_of(StrategyKind kind) {
  switch (kind) {
    case StrategyKind::vertical:
      return {vertical, 2, false};
    case StrategyKind::straddle:
      return {straddle, 1, true};
    case StrategyKind::strangle:
      return {strangle, 2, true};
    case StrategyKind::butterfly:
      return {butterfly, 3, true};
    case StrategyKind::iron_condor:
      return {iron_condor, 4, true};
    case StrategyKind::calendar:
      return {calendar, 1, true, 2};
    case StrategyKind::collar:
      return {collar, 2, true};
    case StrategyKind::covered_call:
      return {covered_call, 1, true};
    case StrategyKind::cash_secured_put:
      return {cash_secured_put, 1, true};
    case StrategyKind::custom:
      break;
  }
  return {{}, 0, true, 0};
}

void check_strikes(StrategyInput& s, Template const& shape, Faults& faults) {
  auto const kind = strategy_kind_names()[static_cast<std::size_t>(s.kind)];
  if (s.strikes.size() != shape.strikes) {
    s.marks.add(faults, "strikes",
                fmt::format("{} strikes ({} takes {}); give {}", s.strikes.size(), kind,
                            shape.strikes, shape.strikes));
    return;
  }
  for (std::size_t i = 0; i + 1 < s.strikes.size(); ++i) {
    double const first = s.strikes[i], second = s.strikes[i + 1];
    if (shape.ascending ? first < second : first != second) continue;
    s.marks.add(
        faults, "strikes",
        fmt::format("{} then {} (the strikes of {} {}); put them right", plain_number(first),
                    plain_number(second), kind, shape.ascending ? "ascend" : "differ"));
    return;
  }
}

void check_expiries(StrategyInput& s, Template const& shape, Faults& faults) {
  bool const has_dates = !s.expiries.empty(), has_years = !s.expiry_years.empty();
  if (has_dates == has_years) {
    s.marks.add(faults, "expiry_years",
                has_dates ? "given together with expiry (they may disagree); keep one of them"
                          : "missing (the legs expire some time); give expiry_years or expiry");
    return;
  }
  std::string_view const key = has_dates ? "expiry" : "expiry_years";
  std::size_t const found = has_dates ? s.expiries.size() : s.expiry_years.size();
  if (found != shape.expiries)
    s.marks.add(
        faults, key,
        shape.expiries == 2
            ? "one expiry (a calendar sells the near and buys the far one); give [near, far]"
            : "two expiries (only a calendar has two); give one");
  else if (has_years && found == 2 && !(s.expiry_years[0] < s.expiry_years[1]))
    s.marks.add(faults, key,
                "the near expiry is not before the far one (a calendar is [near, far]); swap them");
  else if (has_dates && found == 2 && !(*to_instant(s.expiries[0]) < *to_instant(s.expiries[1])))
    s.marks.add(faults, key,
                "the near expiry is not before the far one (a calendar is [near, far]); swap them");
}

InstrumentInput make_leg(StrategyInput const& s, Leg const& leg) {
  InstrumentInput made;
  made.name = fmt::format("{}/{}", s.name, leg.role);
  made.strategy = s.name;
  made.asset_name = s.asset;
  bool const is_put = leg.of == put || (leg.of == chosen && s.right == Right::put);
  made.right = is_put ? Right::put : Right::call;
  made.strike = leg.of == stock ? 0.0 : s.strikes[leg.strike];
  made.quantity = s.quantity * leg.ratio;
  made.multiplier = s.multiplier;
  if (s.expiries.empty())
    made.expiry_years = s.expiry_years[leg.expiry];
  else
    made.expiry = s.expiries[leg.expiry];
  made.marks.path = s.marks.path;
  made.marks.view = s.marks.view;
  made.marks.record = s.marks.record;
  return made;
}

void expand_custom(StrategyInput& s, std::vector<InstrumentInput>& into, Faults& faults) {
  if (s.legs.empty())
    s.marks.add(faults, "legs", "no legs (a custom strategy is its legs); list them");
  for (std::size_t i = 0; i < s.legs.size(); ++i) {
    InstrumentInput& leg = s.legs[i];
    if (leg.marks.was_given("strategy"))
      leg.marks.add(faults, "strategy",
                    "given in a leg (it is a leg of the strategy it stands in); remove the key");
    leg.name =
        fmt::format("{}/{}", s.name, leg.name.empty() ? fmt::format("leg_{}", i + 1) : leg.name);
    leg.strategy = s.name;
    leg.quantity *= s.quantity;
    into.push_back(std::move(leg));
  }
}

}  // namespace

void expand_strategy(StrategyInput& strategy, std::vector<InstrumentInput>& into, Faults& faults) {
  if (strategy.marks.is_faulty()) return;
  if (strategy.name.empty())
    strategy.marks.add(faults, "name", "empty (the results name the strategy); give a name");
  if (strategy.quantity == 0)
    strategy.marks.add(faults, "quantity",
                       "0 (nothing is held, nothing priced); give a number or remove the strategy");
  if (strategy.kind == StrategyKind::custom) {
    expand_custom(strategy, into, faults);
    return;
  }
  Template const shape = template_of(strategy.kind);
  check_strikes(strategy, shape, faults);
  check_expiries(strategy, shape, faults);
  if (strategy.marks.is_faulty()) return;
  for (auto const& leg : shape.legs) into.push_back(make_leg(strategy, leg));
}

}  // namespace muster::jobs::price
