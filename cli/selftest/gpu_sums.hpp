// One sum over several GPUs by NCCL, each rank with the GPUs it drives.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/selftest/line.hpp"
#include "comm/reduce.hpp"

namespace muster::cli::selftest {

/// A rank's part of the group.
struct SumShare {
  comm::NcclId id{};
  int first = 0;          ///< number of its first GPU in the group
  int size = 0;           ///< GPUs of the group
  std::vector<int> gpus;  ///< CUDA ordinals of this process
};
struct SumFindings {
  double seconds = 0;  ///< the best sum of its slowest GPU
  std::string fault;   ///< empty when every sum was right
};

/// Bytes that every GPU puts in.
inline constexpr std::size_t sum_bytes = std::size_t{256} << 20;

/// Collective over all shares of the group. Throws nothing: what goes wrong is the fault.
SumFindings sum_on_gpus(SumShare const& share);

/// `link_bytes_per_s`: one way out of a GPU, 0 = not known.
Line judge_gpu_sums(SumFindings const& findings, int gpus, double link_bytes_per_s);

}  // namespace muster::cli::selftest
