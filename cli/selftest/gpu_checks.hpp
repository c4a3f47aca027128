// What every rank checks of the GPUs it drives.
#pragma once

#include <span>
#include <vector>

#include "cli/selftest/line.hpp"
#include "cli/selftest/price_jobs.hpp"
#include "kernels/device_array.hpp"
#include "topology/facts.hpp"

namespace muster::cli::selftest {

/// Each GPU of `ordinals`: driver and capability, a kernel, the jobs with their digests, memory. One line
/// that says why when there are none.
Lines check_gpus(topology::Facts const& facts, std::vector<int> const& ordinals, std::span<PriceJob const> jobs);

/// Copies between all pairs of `ordinals`, both ways.
Line check_peers(topology::Facts const& facts, std::vector<int> const& ordinals);

/// Bytes a second one way between two GPUs by their link; 0 = not known (PCIe's generation is no fact).
double link_rate(topology::Gpu const& gpu, topology::Link const& link);
/// The least rate between any two of `ordinals`; 0 = not known for one of them.
double least_link_rate(topology::Facts const& facts, std::vector<int> const& ordinals);

struct PeerFindings {
  int from = 0, to = 0;
  kernels::DeviceArray::Copy copy;
  double link_bytes_per_s = 0;
  bool is_right = true;  ///< what arrived is what was sent
};
Line judge_peers(std::vector<PeerFindings> const& pairs);

}  // namespace muster::cli::selftest
