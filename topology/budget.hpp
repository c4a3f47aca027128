// How much memory a job may take: of a card, and of a machine.
#pragma once

#include <cstdint>
#include <string>

#include "topology/facts.hpp"

namespace muster::topology {

/// Left on a card for its driver and whoever else uses it.
inline constexpr std::uint64_t spare_device_bytes = std::uint64_t{512} << 20;

struct Budget {
  std::uint64_t bytes = 0;
  std::string reason;  ///< "95 % of 141 GB"
};

/// What each of `ranks` may take of a card, its context included: an even part of the share that goes with the card's
/// nominal memory, and of what is free less spare_device_bytes, never above `wish_bytes` (0: no wish).
Budget device_budget(Gpu const& gpu, std::uint64_t wish_bytes, int ranks = 1);

/// What the driver takes of a card for a process that computes there, stacks of 1024 bytes for all the threads it
/// can hold among it: 518 MiB on an H200, where it was measured with driver 580, elsewhere by multiprocessors.
std::uint64_t context_bytes(Gpu const& gpu);

/// What NCCL takes of a card that sums with those of other processes: 390 MiB of an H200 for 2 ranks and 415 for 4, over sockets.
inline constexpr std::uint64_t nccl_bytes = std::uint64_t{416} << 20;

/// Threads a multiprocessor holds at once, by compute capability.
int resident_threads(Gpu const& gpu);

/// What one of `processes` alike may take of a machine's memory: nine tenths of what can be taken now, shared
/// evenly, and not above `wish_bytes` (0: no wish). 0 bytes: not known, so no limit.
Budget host_budget(Memory const& memory, int processes, std::uint64_t wish_bytes);

}  // namespace muster::topology
