// The C-like door to what cuda_memory.cu does for GPUs that read each other's memory.
#pragma once

namespace muster::kernels {

struct CudaPool;

/// So that copies to another GPU take the shortest way, where they reach each other; otherwise they go through the host.
void let_read_cuda_pool(CudaPool* self, int ordinal);

}  // namespace muster::kernels
