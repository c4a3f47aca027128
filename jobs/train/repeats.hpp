// Figures of several networks: their mean, how far they spread, and whether the gap to a baseline is more than luck.
#pragma once

#include <string_view>
#include <vector>

namespace muster::jobs::train {

struct Spread {
  double mean = 0;
  double deviation = 0;  ///< of one, estimated from all: over n - 1
};
Spread spread_of(std::vector<double> const& values);

/// Of errors: "beats it", "is beaten", or "cannot be told apart" where the gap of the means is at most twice its standard error.
std::string_view verdict_on(std::vector<double> const& own, std::vector<double> const& baseline);

}  // namespace muster::jobs::train
