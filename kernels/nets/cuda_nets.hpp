// The C-like door to cuda_nets.cu: failures are texts.
#pragma once

#include "kernels/nets/device_learner.hpp"
#include "kernels/price/cuda_paths.hpp"

namespace muster::kernels::nets {

struct CudaNet;

/// One card of those that a network lies on. They may be the same one.
struct CudaCard {
  int ordinal = 0;
  void* stream = nullptr;  ///< a cudaStream_t, where there is one card
  TableMemory memory;
};

/// On plan.copies times plan.members cards, [copy][member]. Null on failure, with a static text in `*error`.
CudaNet* open_cuda_net(DevicePlan const& plan, std::span<CudaCard const> cards, char const** error);
void close_cuda_net(CudaNet* self);
/// As DeviceLearner's; null or an error text. They wait for the device.
char const* hold_on_cuda(CudaNet* self, SampleTable const& table);
char const* load_on_cuda(CudaNet* self, float const* parameters);
/// Without `sums`: losses alone.
char const* run_cuda_net(CudaNet* self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                         double const* scales, std::int64_t* sums, BlockReports const& reports);
char const* begin_steps_on_cuda(CudaNet* self, Moments const& from);
char const* sum_on_cuda(CudaNet* self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                        double const* scales, BlockReports const& reports, Squares const& squares, AddOthers const& add_others);
char const* step_on_cuda(CudaNet* self, std::size_t first_bucket, std::span<UpdateRule const> rules);
char const* read_steps_on_cuda(CudaNet* self, MomentsOut const& to);
char const* predict_on_cuda(CudaNet* self, std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes);
char const* add_paths_on_cuda(CudaNet* self, std::span<PathLaw const> laws, std::uint64_t pairs, std::int64_t* sums);

}  // namespace muster::kernels::nets
