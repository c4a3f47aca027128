// Networks whose products are of bf16.
#if defined(__CUDACC__)

#define MUSTER_SHORT_IS_FP16 0
#include "kernels/nets/cuda_tensor_passes.hpp"

MUSTER_NETS_BEGIN

TensorPasses const bf16_passes{bf16::open_device, bf16::prepare, bf16::load, bf16::forward, bf16::twin, bf16::learn};

MUSTER_NETS_END

#endif
