// Bars as the backtest takes them.
#pragma once

#include <filesystem>
#include <string>

#include "io/bars.hpp"
#include "jobs/bars.hpp"
#include "jobs/evolve/params.hpp"
#include "kernels/backtest/market.hpp"

namespace muster::jobs::evolve {

/// Made by a formula, not read from a file.
bool is_generated(MarketChoice const& choice);

/// The bars of `choice`: a file relative to `folder`, or a generated market. Throws Error (Exit::user), also where the digest
/// is given and another one.
KnownBarsPtr open_market(MarketChoice const& choice, std::filesystem::path const& folder);

/// Sealed: checked, with signals adjusted forward from the first bar.
kernels::backtest::Market to_market(io::Bars const& bars);

/// Bars of this interval in a year of the exchange.
double bars_per_year(io::BarInterval interval);

/// The instant of a bar, for people and tables: a date for daily bars.
std::string bar_time(io::Bars const& bars, std::size_t bar);

}  // namespace muster::jobs::evolve
