// The C-like door to cuda_memory.cu, the one place where memory of a GPU is asked for: pools for jobs, plain
// memory for those who check a GPU and give it back before a job runs. Functions return null or a static error text.
#pragma once

#include <cstddef>
#include <cstdint>

namespace muster::kernels {

/// What a function answers when memory ran out; compared by its address.
extern char const* const cuda_out_of_memory;

/// Whether a text that a function answered tells that this process can use the card no more (a kernel's wild access, a fault of
/// the card): what CUDA calls sticky.
bool is_gpu_lost(char const* error);

struct CudaPool;
/// A stream-ordered pool of its own, and a stream. Null on failure, with a text in `*error`.
CudaPool* open_cuda_pool(int ordinal, char const** error);
void close_cuda_pool(CudaPool* self);
/// Ready for any stream on return; null when there is no more.
void* take_from_cuda_pool(CudaPool* self, std::size_t bytes);
/// Nothing may use it any more. What the pool holds too much goes back to the device.
void give_to_cuda_pool(CudaPool* self, void* at);
/// The most the pool has had of the device.
std::uint64_t cuda_pool_high_bytes(CudaPool const* self);
int cuda_multiprocessors(CudaPool const* self);
int cuda_resident_threads(CudaPool const* self);
/// A cudaStream_t.
void* cuda_pool_stream(CudaPool const* self);
/// Host memory that the device copies to; null when there is no more.
void* take_pinned(std::size_t bytes);
void give_pinned(void* at);

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
