// What "auto" means: pure functions of the job and the tier.
#pragma once

#include <string>
#include <vector>

#include "jobs/price/params.hpp"
#include "topology/profiles.hpp"

namespace muster::jobs::price {

/// Which settings the job file leaves to the rules.
struct Automatic {
  bool method = false, outputs = false, paths = false, tile_paths = false, precision = false,
       max_paths = false;
};

/// A setting that a rule decided.
struct AutoReason {
  std::string key;
  std::string reason;  ///< "auto: mid tier (the CPU's)"
};

/// Sets what is automatic; instruments and market are complete and sound. `why` that tier goes into
/// the reasons.
std::vector<AutoReason> resolve_auto(Params& params, Automatic const& automatic,
                                     topology::Tier tier, std::string_view why);

/// The rule of simulation.tile_paths; never depends on tier or machine.
std::uint64_t auto_tile_paths(Params const& params);

}  // namespace muster::jobs::price
