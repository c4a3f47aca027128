// Dividing the GPUs of one machine: into groups joined by NVLink, and among ranks.
#pragma once

#include <string>
#include <vector>

#include "topology/facts.hpp"

namespace muster::topology {

/// Parts of a machine's GPUs, by their places in `Facts::gpus`.
using Parts = std::vector<std::vector<int>>;

/// How slow the way between two GPUs is: 0 at best; SYS and ways between NUMA nodes are worst.
int slowness(Facts const& facts, int a, int b);

/// Whether two GPUs may be in one tensor-parallel group: the same card, whole, joined by NVLink.
bool is_fast_pair(Facts const& facts, int a, int b);

/// All GPUs in groups of `size` of which every pair is fast: those whose thinnest link is widest, and of
/// these the ones with the most links inside. Empty where there are none.
Parts fast_groups(Facts const& facts, int size);

/// Why a machine has no even groups of two or more; empty where it has.
std::string why_no_groups(Facts const& facts);

/// Shares of the given sizes, which add up to the GPUs, with the least slowness summed over the pairs inside
/// shares; the first in order among equals.
Parts shares(Facts const& facts, std::vector<int> const& sizes);

}  // namespace muster::topology
