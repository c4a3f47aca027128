// Which instruments share simulated paths.
#pragma once

#include <cstdint>
#include <vector>

#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// Assets that some instrument binds together, and all instruments on them. Groups have independent paths.
struct Group {
  std::vector<std::uint32_t> assets;       ///< into Market::assets, ascending
  std::vector<std::uint32_t> instruments;  ///< into Params::instruments, ascending
};

/// The connected components of assets under multi-asset instruments, in order of their first asset.
/// Assets without instruments belong to none, nor do instruments without an asset (they are at fault).
std::vector<Group> make_groups(Params const& params);

}  // namespace muster::jobs::price
