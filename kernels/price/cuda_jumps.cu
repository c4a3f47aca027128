// Merton and Heston.
#if defined(__CUDACC__)

#include "kernels/price/cuda_path_kernel.hpp"

namespace muster::kernels {

void launch_merton(PathLaunch const& to, PathView<float> const& view) { launch_model<float, Merton<float>>(to, view); }
void launch_merton(PathLaunch const& to, PathView<double> const& view) { launch_model<double, Merton<double>>(to, view); }
void launch_heston(PathLaunch const& to, PathView<float> const& view) { launch_model<float, Heston<float>>(to, view); }
void launch_heston(PathLaunch const& to, PathView<double> const& view) { launch_model<double, Heston<double>>(to, view); }

}  // namespace muster::kernels

#endif
