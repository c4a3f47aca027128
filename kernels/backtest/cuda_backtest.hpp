// The C-like door to cuda_backtest.cu: nvcc and the host compiler both read it, failures are text.
#pragma once

#include <cstddef>

#include "kernels/backtest/crossover.hpp"
#include "kernels/backtest/crossover_score.hpp"
#include "kernels/backtest/engine.hpp"
#include "kernels/evolve/device_search.hpp"
#include "kernels/price/cuda_paths.hpp"

namespace muster::kernels::backtest {

struct CudaBacktest;

/// Copies market and features of `plan` to the device; keeps neither. `stream` is a cudaStream_t, `rules_at_once` how
/// many rules a launch takes. Null on failure, with a static text in `*error` (cuda_out_of_memory when memory ran out).
CudaBacktest* open_cuda_backtest(Plan const& plan, int ordinal, void* stream, TableMemory const& memory,
                                 std::size_t rules_at_once, char const** error);
/// Fills out[rule][span] with the bits of a host runner; null or an error text. Waits for the device.
char const* run_cuda_backtest(CudaBacktest* self, Rule const* rules, std::size_t count, Tally* out);
void close_cuda_backtest(CudaBacktest* self);

struct CudaCrossover;
CudaCrossover* open_cuda_crossover(CrossoverTable const& table, int ordinal, void* stream, TableMemory const& memory,
                                   std::size_t rules_at_once, char const** error);
char const* run_cuda_crossover(CudaCrossover* self, Crossover const* rules, std::size_t count, CrossoverResult* out);
/// On the stream that it was opened with; does not wait.
char const* judge_on_cuda(CudaCrossover* self, DeviceHerd const& herd, CrossoverPart const& part);
void close_cuda_crossover(CudaCrossover* self);

}  // namespace muster::kernels::backtest
