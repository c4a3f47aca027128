// A rule as one line that a person can check, and back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "kernels/backtest/rule.hpp"

namespace muster::jobs::evolve {

/// "+35% sma(20) -40% rsi(14); long in 25% out 5%; short in -30% out -5%; stop 5%; target 12.5%; hold 40; size 20% by
/// volatility": a weighted sum of indicators over so many bars, thresholds in percent of the sum of the weights'
/// magnitudes, exits in percent of the entry price, a holding limit in bars, and the size in percent of equity. Stop,
/// target and hold are left out where the rule has none. `windows` are those that the rule's indices count.
std::string rule_text(kernels::backtest::Rule const& rule, std::span<std::uint16_t const> windows);

/// Reads what rule_text writes, blanks as one likes; `learned` features are there beside the indicators: latent_1, latent_2, ...
/// Throws Error (Exit::user) that shows where it stopped.
kernels::backtest::Rule parse_rule(std::string_view text, std::span<std::uint16_t const> windows, std::uint64_t learned = 0);

}  // namespace muster::jobs::evolve
