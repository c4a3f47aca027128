// The doors from baseline code into the networks' per-instruction-set copies.
#pragma once

#include <cstdint>

#include "kernels/nets/double_view.hpp"
#include "kernels/nets/labels.hpp"
#include "kernels/nets/net_view.hpp"
#include "kernels/nets/update.hpp"

namespace muster::kernels::nets {

/// A bucket before and after a step.
struct UpdateView {
  float const *parameters, *first, *second, *average;
  float *to_parameters, *to_first, *to_second, *to_average;
};

}  // namespace muster::kernels::nets

#define MUSTER_DECLARE_NETS(isa)                                                                                        \
  namespace muster::kernels::nets {                                                                                     \
  inline namespace isa {                                                                                                \
  void run_forward(NetView const& net, float const* inputs, std::uint32_t rows, float* outputs, float* slopes);          \
  void run_batch(NetView const& net, HostBatch const& batch, LossWeights const& weights);                                   \
  void run_losses(NetView const& net, HostBatch const& batch, LossWeights const& weights);                                  \
  void update_parameters(UpdateRule const& rule, std::int64_t const* sums, std::size_t count, UpdateView const& view);  \
  void chain_squares(std::int64_t const* sums, double scale, std::size_t rows, std::size_t columns, double* chains);     \
  void multiply_double(double const* from, std::uint32_t rows, DoubleWeights const& weights, double* to);                \
  void activate_double(Activation activation, DoubleTrace const& trace, std::size_t count);                              \
  void add_paths(PathLaw const& law, std::uint64_t pairs, std::int64_t* sums);                                            \
  void add_heston_paths(PathLaw const& law, std::uint64_t pairs, std::int64_t* sums);                                     \
  }                                                                                                                     \
  }

MUSTER_DECLARE_NETS(v3)
MUSTER_DECLARE_NETS(v4)
MUSTER_DECLARE_NETS(generic)

// Calls `function` of the copy that this CPU runs.
#if defined(__x86_64__)
#define MUSTER_NETS_DISPATCH(function, ...)                                                                                     \
  (::muster::kernels::active_isa() == ::muster::kernels::Isa::v4 ? ::muster::kernels::nets::v4::function(__VA_ARGS__) \
                                                                 : ::muster::kernels::nets::v3::function(__VA_ARGS__))
#else
#define MUSTER_NETS_DISPATCH(function, ...) ::muster::kernels::nets::generic::function(__VA_ARGS__)
#endif
