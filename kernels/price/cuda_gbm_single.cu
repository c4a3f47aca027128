// Geometric Brownian motions in single precision.
#if defined(__CUDACC__)

#include "kernels/price/cuda_path_kernel.hpp"

namespace muster::kernels {

void launch_gbm(PathLaunch const& to, PathView<float> const& view) { launch_assets(to, view); }

}  // namespace muster::kernels

#endif
