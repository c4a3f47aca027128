#include "io/import/contract_rules.hpp"

#include <algorithm>
#include <array>

#include "io/import/trading_calendar.hpp"

namespace muster::io {
namespace {

// Cboe and Nasdaq index options (exchange contract specifications). XSP settled in the morning
// until 2012.
constexpr std::array roots = {
    IndexRoot{"SPX", "SPX", Settlement::am, Exercise::european},
    IndexRoot{"SPXW", "SPX", Settlement::pm, Exercise::european},
    IndexRoot{"SPXQ", "SPX", Settlement::pm, Exercise::european},
    IndexRoot{"SPXPM", "SPX", Settlement::pm, Exercise::european},
    IndexRoot{"XSP", "XSP", Settlement::pm, Exercise::european},
    IndexRoot{"NANOS", "NANOS", Settlement::pm, Exercise::european},
    IndexRoot{"NDX", "NDX", Settlement::am, Exercise::european},
    IndexRoot{"NDXP", "NDX", Settlement::pm, Exercise::european},
    IndexRoot{"XND", "XND", Settlement::pm, Exercise::european},
    IndexRoot{"RUT", "RUT", Settlement::am, Exercise::european},
    IndexRoot{"RUTW", "RUT", Settlement::pm, Exercise::european},
    IndexRoot{"MRUT", "MRUT", Settlement::pm, Exercise::european},
    IndexRoot{"DJX", "DJX", Settlement::am, Exercise::european},
    IndexRoot{"VIX", "VIX", Settlement::am, Exercise::european},
    IndexRoot{"VIXW", "VIX", Settlement::am, Exercise::european},
    IndexRoot{"XEO", "OEX", Settlement::pm, Exercise::european},
    IndexRoot{"OEX", "OEX", Settlement::pm, Exercise::european_equivalent},
};

}  // namespace

std::span<IndexRoot const> index_roots() { return roots; }

RootRules root_rules(std::string_view root) {
  auto const* found = std::find_if(roots.begin(), roots.end(),
                                   [&](IndexRoot const& row) { return row.root == root; });
  if (found == roots.end())
    return {std::string(root), Settlement::pm, Exercise::european_equivalent};
  return {std::string(found->underlying), found->settlement, found->exercise};
}

bool is_adjusted_root(std::string_view root) {
  return std::any_of(root.begin(), root.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Instant settlement_instant(Settlement settlement, Date expiry) {
  Date const day = trading_day_on_or_before(expiry);
  return from_new_york({day, settlement == Settlement::am ? open_minute : close_minute(day)});
}

}  // namespace muster::io
