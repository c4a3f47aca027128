// What backtests keep on a device, and how it gets there. Included by cuda_backtest.cu alone.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/backtest/config.hpp"
#include "kernels/backtest/engine.hpp"
#include "kernels/cuda_check.hpp"
#include "kernels/price/cuda_paths.hpp"

MUSTER_BACKTEST_BEGIN

/// What is kept on a device for one market, or one crossover table.
struct CudaTables {
  int ordinal = 0;
  cudaStream_t stream = nullptr;
  TableMemory memory{};
  std::vector<void*> taken{};
  std::size_t rules_at_once = 0;
};

/// Rules to run; all on the device.
struct Batch {
  cudaStream_t stream = nullptr;
  std::size_t shared_bytes = 0;  ///< the most that a block may share
  Costs costs{};
  Rule const* rules = nullptr;
  std::uint32_t const* order = nullptr;  ///< of the rules: what lies together runs together
  std::uint64_t count = 0;
  Span const* spans = nullptr;
  std::uint32_t span_count = 0;
  Tally* tallies = nullptr;  ///< [rule][span]
};

using kernels::check;

inline std::size_t most_shared_bytes(int ordinal) {
  int bytes = 0;
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, ordinal));
  return static_cast<std::size_t>(bytes);
}

template <class U>
U* take(CudaTables& self, std::size_t count) {
  void* const at = self.memory.take(self.memory.pool, count * sizeof(U));
  if (at == nullptr) throw cuda_out_of_memory;
  self.taken.push_back(at);
  return static_cast<U*>(at);
}

template <class V>
typename V::value_type const* upload(CudaTables& self, V const& values) {
  using U = typename V::value_type;
  if (values.empty()) return nullptr;
  U* const at = take<U>(self, values.size());
  check(cudaMemcpy(at, values.data(), values.size() * sizeof(U), cudaMemcpyHostToDevice));
  return at;
}

MUSTER_BACKTEST_END
