// Named strategies as their legs.
#pragma once

#include <vector>

#include "jobs/price/fields.hpp"

namespace muster::jobs::price {

/// Puts the legs of a strategy, named `<strategy>/<role>` with signed quantities, behind `into`.
/// The stock of a covered call or collar is a european call of strike 0 that expires with the
/// options: the share without the dividends until then. A cash-secured put is its short put; the
/// cash is not priced. Faults (numbers of strikes and expiries, their order) go to `faults`, and
/// nothing is added then.
void expand_strategy(StrategyInput& strategy, std::vector<InstrumentInput>& into, Faults& faults);

}  // namespace muster::jobs::price
