// Markets without a pattern, made of a market's own bars.
#pragma once

#include <cstdint>

#include "io/bars.hpp"
#include "jobs/evolve/params.hpp"

namespace muster::jobs::evolve {

/// Market `index` of the first `length` bars, by the job's method and seed. `factor` is io::forward_factor(bars): prices are
/// adjusted, so there are no splits and dividends. mirrored: the bars in their order, each day's moves of all symbols turned
/// round or not. resampled: moves demeaned symbol by symbol, in the order of a stationary bootstrap whose blocks are the same
/// for all symbols; bars that a symbol did not trade, or whose bar before it did not, are halts.
io::Bars null_bars(Params const& params, io::Bars const& bars, std::vector<double> const& factor, std::size_t length,
                   std::uint64_t index);

}  // namespace muster::jobs::evolve
