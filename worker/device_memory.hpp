// A rank's GPU: its memory pool, sized by the plan, and what the pool did.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "jobs/job.hpp"
#include "kernels/device_pool.hpp"

namespace muster::worker {

/// What became of a device's memory in a run. How a job was computed, never what its answer is.
struct DeviceUse {
  std::string device;                   ///< "cuda:0"
  std::uint64_t limit_bytes = 0;        ///< of the pool; 0: none
  std::uint64_t pool_high_bytes = 0;    ///< the most the pool held
  std::uint64_t context_bytes = 0;      ///< the driver's own share; 0: not known
  std::uint64_t smaller_batches = 0;    ///< steps down after out of memory, planned or suffered
  std::uint64_t recomputations = 0;
  std::uint64_t moves_to_cpu = 0;
  bool operator==(DeviceUse const&) const = default;
};

/// The pool of a CUDA device, opened when it is first used.
std::unique_ptr<kernels::DevicePool> make_device_pool(jobs::Device device);

/// The figures of a device's pool, if it was opened.
void read_use(kernels::DevicePool const& pool, int ordinal, DeviceUse& use);

}  // namespace muster::worker
