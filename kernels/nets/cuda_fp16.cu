// Networks whose products are of fp16.
#if defined(__CUDACC__)

#define MUSTER_SHORT_IS_FP16 1
#include "kernels/nets/cuda_tensor_passes.hpp"

MUSTER_NETS_BEGIN

TensorPasses const fp16_passes{fp16::open_device, fp16::prepare, fp16::load, fp16::forward, fp16::twin, fp16::learn};

MUSTER_NETS_END

#endif
