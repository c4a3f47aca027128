// The passes of a network whose products are of bf16 or fp16, called by cuda_nets.cu; their .cu files have the kernels. Errors are
// thrown as C strings.
#pragma once

#include <cuda_runtime.h>

#include "kernels/nets/cuda_rows.hpp"
#include "kernels/nets/device_layout.hpp"

MUSTER_NETS_BEGIN

struct TensorLaunch {
  DevicePlan const& plan;
  DeviceLayout const& at;
  cudaStream_t stream;
  int multiprocessors;
  std::uint32_t rows, block_count;
  BlockView const* blocks;  ///< on the device, as the scales, one a bucket
  double const* scales;
  float const* value_weight;  ///< of the loss, there too; null for predictions
  Dropout const* dropout;     ///< on the host; null where all values count
  bool has_groups;          ///< compute capability 9.0, for which alone groups of warps multiply so
};

struct TensorPasses {
  /// Throws where the device has no such products; otherwise whether it has groups.
  bool (*open_device)(int ordinal);
  /// What never changes.
  void (*prepare)(DevicePlan const& plan, DeviceLayout const& at, cudaStream_t stream);
  /// Rounds weights.
  void (*load)(DeviceLayout const& at, float const* parameters, cudaStream_t stream);
  /// From the inputs in fp32 to the outputs in fp32.
  void (*forward)(TensorLaunch const& launch, bool has_bend);
  /// To the slopes by the inputs in fp32.
  void (*twin)(TensorLaunch const& launch);
  /// From the losses' derivatives in fp32 to all gradients.
  void (*learn)(TensorLaunch const& launch);
};
extern TensorPasses const bf16_passes, fp16_passes;

inline TensorPasses const& tensor_passes(DevicePlan const& plan) { return plan.precision == Precision::fp16 ? fp16_passes : bf16_passes; }

MUSTER_NETS_END
