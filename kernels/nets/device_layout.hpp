// Where a network lies in a device's memory: one block of it, laid out by the plan alone.
#pragma once

#include <vector>

#include "kernels/nets/device_learner.hpp"

namespace muster::kernels::nets {

/// Hands out pieces of a block of memory, or counts them.
class Arena {
 public:
  explicit Arena(char* block = nullptr) : block_(block) {}
  template <class T>
  T* take(std::size_t count) {
    std::size_t const at = used_;
    used_ += (count * sizeof(T) + piece - 1) / piece * piece;
    return block_ == nullptr ? nullptr : reinterpret_cast<T*>(block_ + at);
  }
  std::size_t used() const { return used_; }

 private:
  static constexpr std::size_t piece = 256;
  char* block_;
  std::size_t used_ = 0;
};

/// A layer's weights, twice, since both products want rows of them: those of its own outputs, and those of its own inputs.
struct DeviceLayer {
  LayerPlace place;           ///< all inputs and its own outputs, among the member's parameters
  std::uint32_t outputs = 0;  ///< all of them
  Slice own_in, own_out;
  std::uint32_t in_stride = 0, out_stride = 0;          ///< of matrices with all columns,
  std::uint32_t own_in_stride = 0, own_out_stride = 0;  ///< and with its own
  float* forward = nullptr;   ///< [in][own_out_stride]
  float* backward = nullptr;  ///< [outputs][own_in_stride]
  float* biases = nullptr;    ///< [own_out_stride]
};

struct MomentsView {
  float *parameters = nullptr, *first = nullptr, *second = nullptr, *average = nullptr;
};

/// Rows of a bucket whose chains of squares are added by themselves.
struct SquarePart {
  std::size_t first = 0;  ///< of its sums
  std::size_t chain = 0;  ///< of its own columns' chains
  std::uint32_t rows = 0, columns = 0;
  std::uint32_t bucket = 0;
};

/// Bits of a number of 16 bits: bf16 or fp16.
using Short = std::uint16_t;

/// A layer's weights as short numbers, for both products. The first one multiplies inputs that are two numbers each, which makes them as
/// good as 16 bits: its summed index goes over the weights twice.
struct TensorLayer {
  Short* by_output = nullptr;  ///< [out][depth_stride]
  Short* by_input = nullptr;   ///< [in][out_stride]
  float* biases = nullptr;    ///< [out_stride]
  std::uint32_t depth = 0, depth_stride = 0, out_stride = 0;
};

/// As TraceView, of short numbers, with adjoint times bend as `curl`. The inputs' value has twice their columns.
struct TensorTrace {
  Short *value = nullptr, *slope = nullptr, *bend = nullptr, *curl = nullptr, *inner = nullptr, *extra = nullptr;
  Short* delta = nullptr;  ///< of a network that goes through one kernel
  std::uint32_t stride = 0;
};

/// Matrices of short numbers; columns behind a width are zeros.
struct TensorLayout {
  std::vector<TensorLayer> layers;
  std::vector<TensorTrace> trace;
  Short *by_output = nullptr, *by_slope = nullptr;
  Short* delta[2] = {};
};

/// Of a network's trace, values, inner ones, the inputs' adjoint and `delta` have all columns, and the others a member's own.
struct DeviceLayout {
  std::vector<DeviceLayer> layers;
  std::size_t parameter_count = 0;  ///< the member's own
  std::vector<TraceView> trace;  ///< [layers + 1], matrices [rows_at_once][stride]
  float *inputs = nullptr, *targets = nullptr, *slopes = nullptr;   ///< the held samples
  std::uint32_t* places = nullptr;
  float *wanted = nullptr, *wanted_slopes = nullptr;                ///< those of a launch
  std::uint32_t* numbers = nullptr;   ///< of a launch's samples, for dropout
  float *by_output = nullptr, *by_slope = nullptr;                  ///< the loss's derivatives
  float* delta[2] = {};                                             ///< in turns
  float* stage[2] = {};               ///< a member's own columns, on their way to all of them; in turns
  std::int64_t* arrivals = nullptr;   ///< what comes from others: weights, or sums
  float* parameters = nullptr;        ///< on their way to the layers
  MomentsView trained;                ///< of steps made here
  std::vector<SquarePart> parts;      ///< and on the device:
  SquarePart* square_parts = nullptr;
  std::size_t chain_count = 0;
  double* chains = nullptr;
  std::int64_t* sums = nullptr;
  std::uint32_t* most = nullptr;      ///< [shards][buckets]
  double* losses = nullptr;           ///< [chunks][value, slope]
  char* notes = nullptr;              ///< blocks, chunks, scales and weights of a launch
  std::size_t note_bytes = 0;
  TensorLayout tensor;                ///< of short numbers: instead of weights and of hidden layers' matrices
};
DeviceLayout lay_out(DevicePlan const& plan, Arena& arena);

/// The width of all hidden layers of a network that may go through one kernel; 0 for others.
std::uint32_t fused_width(DevicePlan const& plan);
/// Such a kernel has slopes of whole groups of rows.
constexpr std::uint64_t fused_rows(std::uint64_t rows) { return (rows + 191) / 192 * 192; }

/// Why a device of this compute capability has no such products; null where it has.
char const* refusal_of(Precision precision, int compute_major);

/// Blocks and chunks of a launch are bounded, beside its rows.
inline constexpr std::uint64_t most_launch_blocks = 4096;
inline std::uint64_t most_launch_chunks(std::uint64_t rows) { return rows / chunk_rows + most_launch_blocks; }

constexpr std::uint32_t device_stride(std::uint32_t width) { return (width + 3) / 4 * 4; }
constexpr std::uint32_t tensor_stride(std::uint32_t width) { return (width + 7) / 8 * 8; }

}  // namespace muster::kernels::nets
