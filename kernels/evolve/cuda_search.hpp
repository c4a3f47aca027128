// The C-like door to cuda_search.cu: nvcc and the host compiler both read it, failures are text.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/evolve/device_search.hpp"
#include "kernels/price/cuda_paths.hpp"

namespace muster::kernels {

struct CudaSearch;

/// `stream` is a cudaStream_t. Null on failure, with a static text in `*error` (cuda_out_of_memory when memory ran out).
CudaSearch* open_cuda_search(SearchSettings const& settings, int ordinal, void* stream, TableMemory const& memory, char const** error);
/// These answer null or an error text.
char const* load_on_cuda(CudaSearch* self, Population const& population);
char const* propose_on_cuda(CudaSearch* self);
char const* read_candidates_on_cuda(CudaSearch* self, double* genomes);
char const* read_fitness_on_cuda(CudaSearch* self, std::int64_t* fitness);
char const* write_fitness_on_cuda(CudaSearch* self, std::int64_t const* fitness);
char const* finish_on_cuda(CudaSearch* self, HerdQuestion const& question, HerdAnswer& answer);
char const* describe_on_cuda(CudaSearch* self, GenerationStats& stats);
char const* read_population_on_cuda(CudaSearch* self, Population& population);
char const* wait_on_cuda(CudaSearch* self);
DeviceHerd herd_on_cuda(CudaSearch* self);
void close_cuda_search(CudaSearch* self);

}  // namespace muster::kernels
