// The C-like door to cuda_memory.cu: memory of a GPU, and how fast it moves. Functions return null or a
// static error text.
#pragma once

#include <cstddef>
#include <cstdint>

namespace muster::kernels {

char const* allocate_on_gpu(int ordinal, std::size_t bytes, void** at);
void free_on_gpu(int ordinal, void* at);
/// Sets 64-bit values by a kernel, which fails where this build has no code for the card.
char const* fill_on_gpu(int ordinal, void* at, std::size_t count, std::int64_t value);
char const* read_from_gpu(int ordinal, void const* at, void* out, std::size_t bytes);
/// Best of a few copies, in seconds; `from` may be memory of another GPU. `*is_direct` tells whether the
/// GPUs reach each other without the host (true on one GPU).
char const* time_gpu_copy(int to_ordinal, void* to, int from_ordinal, void const* from, std::size_t bytes,
                          double* seconds, bool* is_direct);

}  // namespace muster::kernels
