// Null markets: what is left of a market when its returns are put together anew.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace muster::kernels {

/// The stationary bootstrap's choice of bars for one resampled market (Politis and Romano 1994): out[t] in [0, bars) is
/// the bar whose returns bar t takes, for all symbols alike, so that what ties symbols together stays. Blocks begin
/// anywhere, go on around the end, and have geometric lengths of mean `mean_block` (1 or more). A pure function of its
/// arguments.
std::vector<std::uint32_t> stationary_indices(std::uint64_t seed, std::uint32_t market, std::uint32_t bars,
                                              double mean_block);

/// 1 or -1 for each bar of one mirrored market, as a fair coin falls. A pure function of its arguments.
std::vector<double> random_signs(std::uint64_t seed, std::uint32_t market, std::uint32_t bars);

/// Takes the mean of a run of returns off each of them.
void demean(std::span<double> returns);

/// How likely luck does as well: (1 + nulls at or above the observed) / (1 + nulls). By fitness, so that an infeasible
/// null counts as below every value.
double rank_p_value(std::int64_t observed, std::span<std::int64_t const> nulls);

}  // namespace muster::kernels
