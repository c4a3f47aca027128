// The whole search again on a market without a pattern.
#pragma once

#include <cstdint>

#include "io/bars.hpp"
#include "jobs/evolve/ground.hpp"
#include "jobs/evolve/params.hpp"

namespace muster::jobs::evolve {

/// Market `index` of the bars before the test span: their returns, demeaned symbol by symbol, in the order of a stationary
/// bootstrap whose blocks are the same for all symbols. Adjusted prices, so there are no splits and dividends. Bars that a
/// symbol did not trade, or whose bar before it did not, are halts.
io::Bars null_bars(io::Bars const& bars, std::vector<double> const& factor, std::size_t length, double mean_block,
                   std::uint64_t seed, std::uint64_t index);

/// The fitness integer of its champion's statistic, as choose_champion has it; the search is the job's but for its seed.
std::int64_t null_statistic(Params const& params, io::Bars const& bars, Field const& field, std::uint64_t index, Device device);

}  // namespace muster::jobs::evolve
