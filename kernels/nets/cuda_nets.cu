// Networks on a GPU: transfers, the order of passes, launches.
#include "kernels/nets/cuda_nets.hpp"

#if !defined(__CUDACC__)

namespace muster::kernels::nets {
namespace {
constexpr char const* no_cuda = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
}

CudaNet* open_cuda_net(DevicePlan const&, int, void*, TableMemory const&, char const** error) {
  *error = no_cuda;
  return nullptr;
}
void close_cuda_net(CudaNet*) {}
char const* hold_on_cuda(CudaNet*, SampleTable const&) { return no_cuda; }
char const* load_on_cuda(CudaNet*, float const*) { return no_cuda; }
char const* run_cuda_net(CudaNet*, std::span<BlockRows const>, RowOrder const&, LossWeights const&, double const*, std::int64_t*,
                         BlockReports const&) {
  return no_cuda;
}
char const* begin_steps_on_cuda(CudaNet*, Moments const&) { return no_cuda; }
char const* sum_on_cuda(CudaNet*, std::span<BlockRows const>, RowOrder const&, LossWeights const&, double const*, BlockReports const&,
                        Squares const&) {
  return no_cuda;
}
char const* step_on_cuda(CudaNet*, std::size_t, std::span<UpdateRule const>) { return no_cuda; }
char const* read_steps_on_cuda(CudaNet*, MomentsOut const&) { return no_cuda; }
char const* predict_on_cuda(CudaNet*, std::span<float const>, std::span<float>, std::span<float>) { return no_cuda; }
char const* add_paths_on_cuda(CudaNet*, std::span<PathLaw const>, std::uint64_t, std::int64_t*) { return no_cuda; }

}  // namespace muster::kernels::nets

#else

#include <algorithm>
#include <cstring>

#include "kernels/cuda_check.hpp"
#include "kernels/nets/cuda_buckets.hpp"
#include "kernels/nets/cuda_labels.hpp"
#include "kernels/nets/cuda_rows.hpp"
#include "kernels/nets/cuda_tensor.hpp"
#include "kernels/nets/device_layout.hpp"
#include "kernels/nets/update_math.hpp"

namespace muster::kernels::nets {

struct CudaNet {
  DevicePlan plan;
  int ordinal = 0;
  cudaStream_t stream = nullptr;
  TableMemory memory{};
  int multiprocessors = 1;
  bool has_groups = false;  ///< of warps on tensor cores
  void* block = nullptr;
  char* pinned = nullptr;  ///< notes of a launch, then losses, then sums
  DeviceLayout at;
  SampleTable held;        ///< sizes alone
  void* labels = nullptr;  ///< laws and sums of a launch of paths
  std::size_t label_bytes = 0;
};

inline namespace MUSTER_ISA {
namespace {

// ---- Kernels ----

/// Blocks that a multiprocessor should hold at once.
template <class Cut>
constexpr int blocks_of(bool is_costly) {
  return Cut::tile_rows * Cut::tile_columns <= 40 && !is_costly ? 768 / Cut::threads : 512 / Cut::threads;
}

template <class Cut, class Work>
__global__ void __launch_bounds__(Cut::threads, blocks_of<Cut>(Work::is_costly)) product_kernel(Factors const factors, Work work) {
  __shared__ Slices<Cut> slices;
  Tile<Cut, Left::by_rows> tile(factors, threadIdx.x, blockIdx.x * Cut::rows, blockIdx.y * Cut::columns, slices);
  tile.run(work);
}

/// A^T D of each block of samples, in blockIdx.z; and the sums of D's columns, where biases are wanted.
template <class Cut>
__global__ void __launch_bounds__(Cut::threads, 512 / Cut::threads)
gradient_kernel(Factors const all, BlockView const* blocks, GradientView const weights, GradientView const biases) {
  __shared__ Slices<Cut> slices;
  BlockView const block = blocks[blockIdx.z];
  Factors factors = all;
  factors.left += std::size_t{block.row} * all.left_stride;
  factors.right += std::size_t{block.row} * all.right_stride;
  factors.depth = block.rows;
  std::uint32_t const first_column = blockIdx.y * Cut::columns;
  bool const sums_biases = biases.sums != nullptr && blockIdx.x == 0;
  WeightGradient<Cut> work{{}, *weights.scale, weights.sums, all.columns, sums_biases ? threadIdx.x : UINT32_MAX / 2};
  Tile<Cut, Left::by_depth> tile(factors, threadIdx.x, blockIdx.x * Cut::rows, first_column, slices);
  tile.run(work);
  weights.raise(block.shard, work.most);
  if (!sums_biases) return;
  std::uint32_t largest = 0;
  for (int i = 0; i < work.shares; ++i)
    if (std::uint32_t const column = threadIdx.x + static_cast<std::uint32_t>(i * Cut::threads); column < Cut::columns && first_column + column < all.columns)
      add_to_grid(work.biases[i], *biases.scale, biases.sums + first_column + column, largest);
  biases.raise(block.shard, largest);
}

__global__ void gather_kernel(GatherView const view, RowOrder const order, BlockView const* blocks) {
  BlockView const block = blocks[blockIdx.y];
  std::uint32_t const stride = gridDim.x * blockDim.x;
  for (std::uint32_t row = blockIdx.x * blockDim.x + threadIdx.x; row < block.rows; row += stride)
    gather_row(view, order.at(block.place + row), block.row + row);
}

/// A warp a chunk; losses [chunk][value, slope].
__global__ void loss_kernel(ErrorView const value, ErrorView const slope, ChunkView const* chunks, std::uint32_t count, double* losses) {
  std::uint32_t const chunk = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (chunk >= count) return;
  double const of_value = square_errors(value, chunks[chunk], lane);
  double const of_slope = slope.found == nullptr ? 0.0 : square_errors(slope, chunks[chunk], lane);
  if (lane != 0) return;
  losses[2 * chunk] = of_value;
  losses[2 * chunk + 1] = of_slope;
}

/// Calls `work` with the numbers of a layer's parameters among its own, weights and then biases.
template <class Work>
__device__ void each_parameter(DeviceLayer const& layer, Work const& work) {
  std::size_t const count = (std::size_t{layer.place.in} + 1) * layer.place.out, stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) work(i);
}

__device__ bool is_bias(DeviceLayer const& layer, std::size_t i) { return i >= std::size_t{layer.place.in} * layer.place.out; }

__device__ void set_parameter(DeviceLayer const& layer, std::size_t i, float value) {
  std::size_t const in = i / layer.place.out, out = i % layer.place.out;
  if (layer.forward == nullptr) return;  // weights are kept in bf16
  if (is_bias(layer, i)) {
    layer.biases[out] = value;
    return;
  }
  layer.forward[in * layer.out_stride + out] = value;
  layer.backward[out * layer.in_stride + in] = value;
}

__global__ void layer_kernel(DeviceLayer const layer, float const* parameters) {
  each_parameter(layer, [&](std::size_t i) { set_parameter(layer, i, parameters[layer.place.weights + i]); });
}

__global__ void step_kernel(DeviceLayer const layer, UpdateRule const weights, UpdateRule const biases, std::int64_t const* sums, UpdateView const all) {
  each_parameter(layer, [&](std::size_t i) {
    std::size_t const at = layer.place.weights + i;
    update_one(is_bias(layer, i) ? biases : weights, sums[at], all, at);
    set_parameter(layer, i, all.to_parameters[at]);
  });
}

/// A thread a chain.
__global__ void square_kernel(SquarePart const* parts, std::uint32_t count, std::int64_t const* sums, double const* scales, double* chains) {
  std::uint32_t const i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count * square_chains) return;
  SquarePart const part = parts[i / square_chains];
  chains[i] = chain_of_squares(sums + part.first, scales[part.bucket], part.count, i % square_chains);
}

__global__ void fill_kernel(float* values, std::size_t count, float value) {
  std::size_t const stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) values[i] = value;
}

__global__ void __launch_bounds__(label_threads) label_kernel(PathLaw const* laws, std::uint64_t pairs, std::int64_t* sums) {
  __shared__ std::uint64_t room[label_threads / 32 * label_sums];
  label_block(laws[blockIdx.x], pairs, threadIdx.x, room, sums + blockIdx.x * label_sums);
}

__global__ void __launch_bounds__(label_threads) heston_kernel(PathLaw const* laws, std::uint64_t pairs, std::int64_t* sums) {
  __shared__ std::uint64_t room[label_threads / 32 * label_sums];
  heston_block(laws[blockIdx.x], pairs, threadIdx.x, room, sums + blockIdx.x * label_sums);
}

// ---- Launches ----

std::uint32_t parts(std::uint64_t count, std::uint64_t of) { return static_cast<std::uint32_t>((count + of - 1) / of); }
std::uint32_t grid_of(std::size_t count) { return parts(count < (1u << 20) ? count : 1u << 20, 256); }

/// Of a cut for this product: elements computed, padding among them, over what the cut reaches of a full device.
template <class Cut>
double cost_of(std::uint32_t rows, std::uint32_t columns, std::uint32_t batch, int multiprocessors, double share) {
  std::uint64_t const blocks = std::uint64_t{parts(rows, Cut::rows)} * parts(columns, Cut::columns) * batch;
  std::uint64_t const waves = parts(blocks, static_cast<std::uint64_t>(multiprocessors));
  return static_cast<double>(waves) * Cut::rows * Cut::columns / share;
}

/// What a launch works on.
struct Launch {
  CudaNet& self;
  std::uint32_t rows, block_count, chunk_count;
  BlockView const* blocks;
  ChunkView const* chunks;
  double const* scales;      ///< one a bucket
  float const* slope_weights;  ///< then the value's
  RowOrder order;

  DeviceLayout const& at() const { return self.at; }
  std::uint32_t buckets() const { return static_cast<std::uint32_t>(2 * at().layers.size()); }
  bool is_bf16() const { return self.plan.precision == Precision::bf16; }
  TensorLaunch tensor() const {
    auto const* const value_weight = slope_weights == nullptr ? nullptr : slope_weights + self.plan.shape.inputs();
    return {self.plan, at(), self.stream, self.multiprocessors, rows, block_count, blocks, scales, value_weight, self.has_groups};
  }
};

template <class Cut, class Work>
void launch_product(Launch const& l, Factors const& factors, Work const& work) {
  dim3 const grid(parts(factors.rows, Cut::rows), parts(factors.columns, Cut::columns));
  product_kernel<Cut><<<grid, Cut::threads, 0, l.self.stream>>>(factors, work);
  check(cudaGetLastError());
}

template <class Work>
void product(Launch const& l, float const* left, std::uint32_t left_stride, float const* right, std::uint32_t right_stride,
             std::uint32_t depth, std::uint32_t columns, Work const& work) {
  Factors const factors{left, left_stride, right, right_stride, l.rows, columns, depth};
  auto const cost = [&](auto cut, double share) { return cost_of<decltype(cut)>(l.rows, columns, 1, l.self.multiprocessors, share); };
  double const wide = cost(Wide{}, 0.8), square = cost(Square{}, 0.75), small = cost(Small{}, 0.3);
  double const narrow = cost(Narrow{}, 0.25), thin = cost(Thin{}, 0.1);
  double const least = std::min({wide, square, small, narrow, thin});
  if (least == thin) return launch_product<Thin>(l, factors, work);
  if (least == narrow) return launch_product<Narrow>(l, factors, work);
  if (least == small) return launch_product<Small>(l, factors, work);
  wide <= square ? launch_product<Wide>(l, factors, work) : launch_product<Square>(l, factors, work);
}

struct Gradient {
  Factors factors;
  GradientView weights, biases;
};

template <class Cut>
void launch_gradient(Launch const& l, Gradient const& gradient) {
  dim3 const grid(parts(gradient.factors.rows, Cut::rows), parts(gradient.factors.columns, Cut::columns), l.block_count);
  gradient_kernel<Cut><<<grid, Cut::threads, 0, l.self.stream>>>(gradient.factors, l.blocks, gradient.weights, gradient.biases);
  check(cudaGetLastError());
}

void launch_gradient(Launch const& l, Gradient const& gradient) {
  std::uint32_t const in = gradient.factors.rows, out = gradient.factors.columns;
  auto const cost = [&](auto cut, double share) { return cost_of<decltype(cut)>(in, out, l.block_count, l.self.multiprocessors, share); };
  double const wide = cost(GradientWide{}, 0.65), square = cost(Square{}, 0.75), small = cost(Small{}, 0.36);
  double const flat = cost(GradientShort{}, 0.2), thin = cost(GradientThin{}, 0.1);
  double const least = std::min({wide, square, small, flat, thin});
  if (least == flat) return launch_gradient<GradientShort>(l, gradient);
  if (least == thin) return launch_gradient<GradientThin>(l, gradient);
  if (least == small) return launch_gradient<Small>(l, gradient);
  least == wide ? launch_gradient<GradientWide>(l, gradient) : launch_gradient<Square>(l, gradient);
}

enum class Biases { none, summed };

/// The gradient of a layer's parameters from what comes in and the loss's derivative by what goes out.
void layer_gradient(Launch const& l, std::size_t layer, float const* left, float const* right, Biases biases) {
  auto const& at = l.at();
  auto const& of = at.layers[layer];
  std::size_t const bucket = 2 * layer;
  auto const view = [&](std::size_t b, std::size_t first) { return GradientView{l.scales + b, at.sums + first, at.most + b, l.buckets()}; };
  Gradient gradient{{left, of.in_stride, right, of.out_stride, of.place.in, of.place.out, 0}, view(bucket, of.place.weights), {}};
  if (biases == Biases::summed) gradient.biases = view(bucket + 1, of.place.biases);
  launch_gradient(l, gradient);
}

// ---- Passes, in the order of net_body.cpp ----

void gather(Launch const& l) {
  auto const& at = l.at();
  auto const& shape = l.self.plan.shape;
  auto const& held = l.self.held;
  GatherView const view{at.inputs, held.targets.empty() ? nullptr : at.targets, l.self.plan.has_slopes ? at.slopes : nullptr,
                        held.places.empty() ? nullptr : at.places, held.row_step, shape.inputs(), shape.outputs(), at.trace[0].value, at.wanted, at.wanted_slopes, device_stride(shape.inputs()), device_stride(shape.outputs())};
  gather_kernel<<<dim3(parts(parts(l.rows, l.block_count), 128), l.block_count), 128, 0, l.self.stream>>>(view, l.order, l.blocks);
  check(cudaGetLastError());
}

void forward(Launch const& l, bool has_bend) {
  if (l.is_bf16()) return tensor_forward(l.tensor(), has_bend);
  auto const& at = l.at();
  for (std::size_t i = 0; i < at.layers.size(); ++i) {
    auto const& layer = at.layers[i];
    auto const into = [&](auto const& work) {
      product(l, at.trace[i].value, layer.in_stride, layer.forward, layer.out_stride, layer.place.in, layer.place.out, work);
    };
    if (i + 1 == at.layers.size() || i == l.self.plan.shape.linear_layer)
      into(Outputs{{{}, layer.biases, layer.out_stride}, at.trace[i + 1].value});
    else if (has_bend)
      into(Activated<true>{{{}, layer.biases, layer.out_stride}, l.self.plan.shape.activation, at.trace[i + 1]});
    else
      into(Activated<false>{{{}, layer.biases, layer.out_stride}, l.self.plan.shape.activation, at.trace[i + 1]});
  }
}

void twin(Launch const& l) {
  if (l.is_bf16()) return tensor_twin(l.tensor());
  auto const& at = l.at();
  for (std::size_t i = at.layers.size(); i-- > 0;) {
    auto const& layer = at.layers[i];
    product(l, at.trace[i + 1].inner, layer.out_stride, layer.backward, layer.in_stride, layer.place.out, layer.place.in,
            Twin{{}, at.trace[i], layer.in_stride});
  }
}

void find_losses(Launch const& l) {
  auto const& at = l.at();
  auto const& shape = l.self.plan.shape;
  ErrorView const value{at.trace.back().value, at.wanted, l.slope_weights + shape.inputs(), 0, shape.outputs(), device_stride(shape.outputs()),
                        at.by_output};
  ErrorView slope{};
  if (l.self.plan.has_slopes)
    slope = {at.trace[0].adjoint, at.wanted_slopes, l.slope_weights, 1, shape.inputs(), device_stride(shape.inputs()), at.by_slope};
  constexpr unsigned warps = 2;
  loss_kernel<<<parts(l.chunk_count, warps), 32 * warps, 0, l.self.stream>>>(value, slope, l.chunks, l.chunk_count, at.losses);
  check(cudaGetLastError());
}

void reverse_twin(Launch const& l) {
  auto const& at = l.at();
  float const* from = at.by_slope;
  for (std::size_t i = 0; i + 1 < at.layers.size(); ++i) {
    auto const& layer = at.layers[i];
    auto const& mid = at.trace[i + 1];
    float* const to = at.delta[i % 2];
    layer_gradient(l, i, from, mid.inner, Biases::none);
    product(l, from, layer.in_stride, layer.forward, layer.out_stride, layer.place.in, layer.place.out,
            ReverseTwin{{}, mid, to, layer.out_stride});
    from = to;
  }
  layer_gradient(l, at.layers.size() - 1, from, at.trace.back().inner, Biases::none);
}

void backward(Launch const& l) {
  auto const& at = l.at();
  float const* from = at.by_output;
  for (std::size_t i = at.layers.size(); i-- > 0;) {
    auto const& layer = at.layers[i];
    layer_gradient(l, i, at.trace[i].value, from, Biases::summed);
    if (i == 0) break;
    float* const to = at.delta[i % 2];
    auto const into = [&](auto const& work) {
      product(l, from, layer.out_stride, layer.backward, layer.in_stride, layer.place.out, layer.place.in, work);
    };
    if (l.self.plan.has_slopes)
      into(Backward<true>{{}, at.trace[i], to, layer.in_stride});
    else
      into(Backward<false>{{}, at.trace[i], to, layer.in_stride});
    from = to;
  }
}

// ---- A call, in launches of whole blocks ----

/// Writes what a launch needs to know side by side into pinned memory, and says where it will be on the device.
class Notes {
 public:
  Notes(char* pinned, char* device) : pinned_(pinned), device_(device) {}
  template <class T>
  T const* add(T const* from, std::size_t count) {
    used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
    std::memcpy(pinned_ + used_, from, count * sizeof(T));
    auto const* const at = reinterpret_cast<T const*>(device_ + used_);
    used_ += count * sizeof(T);
    return at;
  }
  std::size_t used() const { return used_; }

 private:
  char *pinned_, *device_;
  std::size_t used_ = 0;
};

/// Blocks that fit a launch.
struct Batch {
  std::vector<BlockView> blocks;
  std::vector<ChunkView> chunks;
  std::uint32_t rows = 0;

  bool has_room(BlockRows const& block, std::uint64_t rows_at_once) const {
    return blocks.empty() || (rows + block.rows <= rows_at_once && blocks.size() < most_launch_blocks);
  }
  void add(BlockRows const& block) {
    blocks.push_back({block.first, rows, block.rows, block.shard});
    for (std::uint32_t first = 0; first < block.rows; first += chunk_rows)
      chunks.push_back({rows + first, block.rows - first < chunk_rows ? block.rows - first : chunk_rows});
    rows += block.rows;
  }
};

struct Call {
  CudaNet& self;
  RowOrder order;
  LossWeights weights;
  double const* scales;
  bool learns;

  void run(Batch const& batch, BlockLoss* losses) const {
    auto const& at = self.at;
    auto const inputs = self.plan.shape.inputs();
    Notes notes(self.pinned, at.notes);
    std::vector<float> loss_weights(inputs, 0.0f);
    if (weights.slope != nullptr) loss_weights.assign(weights.slope, weights.slope + inputs);
    loss_weights.push_back(weights.value);
    Launch const l{self,
                   batch.rows,
                   static_cast<std::uint32_t>(batch.blocks.size()),
                   static_cast<std::uint32_t>(batch.chunks.size()),
                   notes.add(batch.blocks.data(), batch.blocks.size()),
                   notes.add(batch.chunks.data(), batch.chunks.size()),
                   learns ? notes.add(scales, 2 * at.layers.size()) : nullptr,
                   notes.add(loss_weights.data(), loss_weights.size()),
                   order};
    check(cudaMemcpyAsync(at.notes, self.pinned, notes.used(), cudaMemcpyHostToDevice, self.stream));
    pass(l);
    auto* const found = reinterpret_cast<double*>(self.pinned + at.note_bytes);
    check(cudaMemcpyAsync(found, at.losses, batch.chunks.size() * 2 * sizeof(double), cudaMemcpyDeviceToHost, self.stream));
    check(cudaStreamSynchronize(self.stream));
    add_losses(batch, found, losses);
  }

  void pass(Launch const& l) const {
    gather(l);
    forward(l, learns && self.plan.has_slopes);
    if (self.plan.has_slopes) twin(l);
    find_losses(l);
    if (!learns) return;
    if (l.is_bf16()) return tensor_learn(l.tensor());
    if (self.plan.has_slopes) reverse_twin(l);
    backward(l);
  }

  static void add_losses(Batch const& batch, double const* found, BlockLoss* losses) {
    for (std::size_t b = 0; b < batch.blocks.size(); ++b) {
      BlockLoss loss;
      for (std::uint32_t done = 0; done < batch.blocks[b].rows; done += chunk_rows, found += 2) {
        loss += {found[0], found[1]};
      }
      losses[b] = loss;
    }
  }
};

void run_blocks(Call const& call, std::span<BlockRows const> blocks, BlockLoss* losses) {
  for (std::size_t first = 0; first < blocks.size();) {
    Batch batch;
    std::size_t end = first;
    while (end < blocks.size() && batch.has_room(blocks[end], call.self.plan.rows_at_once)) batch.add(blocks[end++]);
    call.run(batch, losses + first);
    first = end;
  }
}

std::size_t bucket_words(CudaNet const& self) { return self.plan.shards * 2 * self.at.layers.size(); }

/// The gradients of all blocks, from zero, left on the device.
void sum_blocks(Call const& call, std::span<BlockRows const> blocks, BlockLoss* losses) {
  CudaNet& self = call.self;
  check(cudaMemsetAsync(self.at.sums, 0, parameter_count(self.plan.shape) * sizeof(std::int64_t), self.stream));
  check(cudaMemsetAsync(self.at.most, 0, bucket_words(self) * sizeof(std::uint32_t), self.stream));
  run_blocks(call, blocks, losses);
}

void raise(CudaNet const& self, std::uint32_t const* most, BlockReports const& reports) {
  for (std::size_t i = 0; i < bucket_words(self); ++i) reports.most[i] = most[i] > reports.most[i] ? most[i] : reports.most[i];
}

void run(CudaNet& self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights, double const* scales,
         std::int64_t* sums, BlockReports const& reports) {
  auto const& at = self.at;
  auto const parameters = parameter_count(self.plan.shape);
  Call const call{self, order, weights, scales, sums != nullptr};
  if (!call.learns) return run_blocks(call, blocks, reports.losses.data());
  sum_blocks(call, blocks, reports.losses.data());
  auto* const pinned = reinterpret_cast<std::int64_t*>(self.pinned);
  auto* const most = reinterpret_cast<std::uint32_t*>(pinned + parameters);
  check(cudaMemcpyAsync(pinned, at.sums, parameters * sizeof(std::int64_t), cudaMemcpyDeviceToHost, self.stream));
  check(cudaMemcpyAsync(most, at.most, bucket_words(self) * sizeof(std::uint32_t), cudaMemcpyDeviceToHost, self.stream));
  check(cudaStreamSynchronize(self.stream));
  for (std::size_t i = 0; i < parameters; ++i)
    sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) + static_cast<std::uint64_t>(pinned[i]));
  raise(self, most, reports);
}

std::size_t chain_count(CudaNet const& self) { return self.at.parts.size() * square_chains; }

/// Pinned memory serves a launch's notes and losses, and then a call's sums, or chains of squares.
std::size_t pinned_bytes(CudaNet const& self) {
  std::size_t const launch = self.at.note_bytes + 2 * most_launch_chunks(self.plan.rows_at_once) * sizeof(double);
  std::size_t const words = std::max(parameter_count(self.plan.shape), chain_count(self));
  return std::max(launch, words * 8 + bucket_words(self) * sizeof(std::uint32_t));
}

/// In the order of squared_norm.
void add_chains(CudaNet const& self, double const* chains, double* squares) {
  std::fill_n(squares, 2 * self.at.layers.size(), 0.0);
  for (auto const& part : self.at.parts) {
    double square = 0;
    for (std::size_t c = 0; c < square_chains; ++c) square += *chains++;
    squares[part.bucket] += square;
  }
}

void sum(CudaNet& self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights, double const* scales,
         BlockReports const& reports, Squares const& squares) {
  auto const& at = self.at;
  sum_blocks(Call{self, order, weights, scales, true}, blocks, reports.losses.data());
  auto* const scale = reinterpret_cast<double*>(self.pinned);
  std::ranges::copy(squares.scales, scale);
  check(cudaMemcpyAsync(at.notes, scale, squares.scales.size_bytes(), cudaMemcpyHostToDevice, self.stream));
  auto const parts_here = static_cast<std::uint32_t>(at.parts.size());
  square_kernel<<<parts(chain_count(self), 128), 128, 0, self.stream>>>(at.square_parts, parts_here, at.sums, reinterpret_cast<double const*>(at.notes), at.chains);
  check(cudaGetLastError());
  auto* const chains = reinterpret_cast<double*>(self.pinned);
  auto* const most = reinterpret_cast<std::uint32_t*>(chains + chain_count(self));
  check(cudaMemcpyAsync(chains, at.chains, chain_count(self) * sizeof(double), cudaMemcpyDeviceToHost, self.stream));
  check(cudaMemcpyAsync(most, at.most, bucket_words(self) * sizeof(std::uint32_t), cudaMemcpyDeviceToHost, self.stream));
  check(cudaStreamSynchronize(self.stream));
  raise(self, most, reports);
  add_chains(self, chains, squares.squares.data());
}

// ---- Steps made here ----

void spread(CudaNet& self, float const* parameters) {
  if (self.plan.precision == Precision::bf16) return load_tensor(self.at, parameters, self.stream);
  for (auto const& layer : self.at.layers) {
    layer_kernel<<<grid_of(std::size_t{layer.place.in} * layer.place.out), 256, 0, self.stream>>>(layer, parameters);
    check(cudaGetLastError());
  }
}

void begin_steps(CudaNet& self, Moments const& from) {
  auto const& to = self.at.trained;
  auto const copy = [&](float* there, std::span<float const> here) {
    check(cudaMemcpyAsync(there, here.data(), here.size_bytes(), cudaMemcpyHostToDevice, self.stream));
  };
  copy(to.parameters, from.parameters);
  copy(to.first, from.first);
  copy(to.second, from.second);
  copy(to.average, from.average);
  spread(self, to.parameters);
}

void take_step(CudaNet& self, std::size_t first_bucket, std::span<UpdateRule const> rules) {
  auto const& all = self.at.trained;
  UpdateView const view{all.parameters, all.first, all.second, all.average, all.parameters, all.first, all.second, all.average};
  for (std::size_t i = 0; i < rules.size(); i += 2) {
    auto const& layer = self.at.layers[(first_bucket + i) / 2];
    step_kernel<<<grid_of(std::size_t{layer.place.in} * layer.place.out), 256, 0, self.stream>>>(layer, rules[i], rules[i + 1], self.at.sums, view);
    check(cudaGetLastError());
  }
  if (self.plan.precision == Precision::bf16) spread(self, all.parameters);
}

void read_steps(CudaNet& self, MomentsOut const& to) {
  auto const& from = self.at.trained;
  auto const copy = [&](std::span<float> here, float const* there) {
    check(cudaMemcpyAsync(here.data(), there, here.size_bytes(), cudaMemcpyDeviceToHost, self.stream));
  };
  copy(to.parameters, from.parameters);
  copy(to.first, from.first);
  copy(to.second, from.second);
  copy(to.average, from.average);
  check(cudaStreamSynchronize(self.stream));
}

void* take(CudaNet const& self, std::size_t bytes) {
  void* const at = self.memory.take(self.memory.pool, bytes);
  if (at == nullptr) throw cuda_out_of_memory;
  return at;
}

void open(CudaNet& self) {
  if (self.plan.precision == Precision::bf16) self.has_groups = open_tensor_device(self.ordinal);
  check(cudaDeviceGetAttribute(&self.multiprocessors, cudaDevAttrMultiProcessorCount, self.ordinal));
  self.block = take(self, device_bytes(self.plan));
  Arena arena(static_cast<char*>(self.block));
  self.at = lay_out(self.plan, arena);
  self.at.note_bytes = self.at.note_bytes / 64 * 64;
  self.pinned = static_cast<char*>(take_pinned(pinned_bytes(self)));
  if (self.pinned == nullptr) throw "no pinned memory of the host";
  auto const fill = [&](float* matrix, std::uint32_t stride, float value) {
    if (matrix == nullptr) return;
    std::size_t const count = self.plan.rows_at_once * stride;
    fill_kernel<<<grid_of(count), 256, 0, self.stream>>>(matrix, count, value);
    check(cudaGetLastError());
  };
  check(cudaMemcpyAsync(self.at.square_parts, self.at.parts.data(), self.at.parts.size() * sizeof(SquarePart), cudaMemcpyHostToDevice, self.stream));
  if (self.plan.precision == Precision::bf16) return prepare_tensor(self.plan, self.at, self.stream);
  // The twin begins with the output's derivative by itself.
  fill(self.at.trace.back().inner, self.at.layers.back().out_stride, 1);
  if (self.plan.shape.linear_layer >= self.at.layers.size()) return;
  auto const& linear = self.at.trace[self.plan.shape.linear_layer + 1];
  auto const stride = self.at.layers[self.plan.shape.linear_layer].out_stride;
  fill(linear.slope, stride, 1);
  fill(linear.bend, stride, 0);
}

void load(CudaNet& self, float const* parameters) {
  auto const& at = self.at;
  check(cudaMemcpyAsync(at.parameters, parameters, parameter_count(self.plan.shape) * sizeof(float), cudaMemcpyHostToDevice, self.stream));
  spread(self, at.parameters);
}

void hold(CudaNet& self, SampleTable const& table) {
  auto const copy = [&](auto* to, auto from) {
    check(cudaMemcpyAsync(to, from.data(), from.size_bytes(), cudaMemcpyHostToDevice, self.stream));
  };
  auto const& size = self.plan.table;
  if (table.inputs.size() > size.inputs || table.targets.size() > size.targets || table.slopes.size() > size.slopes ||
      table.places.size() > size.places)
    throw "more samples than it was opened for";
  copy(self.at.inputs, table.inputs);
  copy(self.at.targets, table.targets);
  copy(self.at.slopes, table.slopes);
  copy(self.at.places, table.places);
  check(cudaStreamSynchronize(self.stream));
  self.held = table;
}

/// Rows of `width` floats between the host and a matrix of the device.
void copy_rows(CudaNet const& self, float* to, std::uint32_t to_stride, float const* from, std::uint32_t from_stride, std::uint32_t width,
               std::size_t rows, cudaMemcpyKind way) {
  check(cudaMemcpy2DAsync(to, to_stride * sizeof(float), from, from_stride * sizeof(float), width * sizeof(float), rows, way, self.stream));
}

void predict(CudaNet& self, std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) {
  auto const& at = self.at;
  auto const in = self.plan.shape.inputs(), out = self.plan.shape.outputs();
  if (!slopes.empty() && !self.plan.has_twin) throw "slopes of a network that was opened without";
  std::size_t const rows = inputs.size() / in;
  for (std::size_t first = 0; first < rows; first += self.plan.rows_at_once) {
    std::size_t const count = rows - first < self.plan.rows_at_once ? rows - first : self.plan.rows_at_once;
    copy_rows(self, at.trace[0].value, device_stride(in), inputs.data() + first * in, in, in, count, cudaMemcpyHostToDevice);
    Launch const l{self, static_cast<std::uint32_t>(count), 0, 0, nullptr, nullptr, nullptr, nullptr, {}};
    forward(l, false);
    copy_rows(self, outputs.data() + first * out, out, at.trace.back().value, device_stride(out), out, count, cudaMemcpyDeviceToHost);
    if (slopes.empty()) continue;
    twin(l);
    copy_rows(self, slopes.data() + first * in, in, at.trace[0].adjoint, device_stride(in), in, count, cudaMemcpyDeviceToHost);
  }
  check(cudaStreamSynchronize(self.stream));
}

void add_paths(CudaNet& self, std::span<PathLaw const> laws, std::uint64_t pairs, std::int64_t* sums) {
  std::size_t const law_bytes = laws.size_bytes(), sum_bytes = laws.size() * label_sums * sizeof(std::int64_t);
  if (law_bytes + sum_bytes > self.label_bytes) {
    if (self.labels != nullptr) self.memory.give(self.memory.pool, self.labels);
    self.labels = nullptr;
    self.labels = take(self, law_bytes + sum_bytes);
    self.label_bytes = law_bytes + sum_bytes;
  }
  auto* const on_device = static_cast<std::int64_t*>(self.labels);
  auto* const law = reinterpret_cast<PathLaw*>(on_device + laws.size() * label_sums);
  check(cudaMemcpyAsync(law, laws.data(), law_bytes, cudaMemcpyHostToDevice, self.stream));
  // Laws of a job are all of one model.
  auto* const kernel = laws.front().is_heston() ? heston_kernel : label_kernel;
  kernel<<<static_cast<unsigned>(laws.size()), label_threads, 0, self.stream>>>(law, pairs, on_device);
  check(cudaGetLastError());
  std::vector<std::int64_t> found(laws.size() * label_sums);
  check(cudaMemcpyAsync(found.data(), on_device, sum_bytes, cudaMemcpyDeviceToHost, self.stream));
  check(cudaStreamSynchronize(self.stream));
  for (std::size_t i = 0; i < found.size(); ++i) sums[i] += found[i];
}

}  // namespace
}  // namespace MUSTER_ISA

CudaNet* open_cuda_net(DevicePlan const& plan, int ordinal, void* stream, TableMemory const& memory, char const** error) {
  auto* const self = new CudaNet{plan, ordinal, static_cast<cudaStream_t>(stream), memory};
  *error = on_gpu(self->ordinal, [self] { open(*self); });
  if (*error == nullptr) return self;
  close_cuda_net(self);
  return nullptr;
}

void close_cuda_net(CudaNet* self) {
  if (self == nullptr) return;
  for (void* const at : {self->block, self->labels})
    if (at != nullptr) self->memory.give(self->memory.pool, at);
  give_pinned(self->pinned);
  delete self;
}

char const* hold_on_cuda(CudaNet* self, SampleTable const& table) {
  return on_gpu(self->ordinal, [&] { hold(*self, table); });
}
char const* load_on_cuda(CudaNet* self, float const* parameters) {
  return on_gpu(self->ordinal, [&] { load(*self, parameters); });
}
char const* run_cuda_net(CudaNet* self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                         double const* scales, std::int64_t* sums, BlockReports const& reports) {
  return on_gpu(self->ordinal, [&] { run(*self, blocks, order, weights, scales, sums, reports); });
}
char const* begin_steps_on_cuda(CudaNet* self, Moments const& from) {
  return on_gpu(self->ordinal, [&] { begin_steps(*self, from); });
}
char const* sum_on_cuda(CudaNet* self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                        double const* scales, BlockReports const& reports, Squares const& squares) {
  return on_gpu(self->ordinal, [&] { sum(*self, blocks, order, weights, scales, reports, squares); });
}
char const* step_on_cuda(CudaNet* self, std::size_t first_bucket, std::span<UpdateRule const> rules) {
  return on_gpu(self->ordinal, [&] { take_step(*self, first_bucket, rules); });
}
char const* read_steps_on_cuda(CudaNet* self, MomentsOut const& to) {
  return on_gpu(self->ordinal, [&] { read_steps(*self, to); });
}
char const* predict_on_cuda(CudaNet* self, std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) {
  return on_gpu(self->ordinal, [&] { predict(*self, inputs, outputs, slopes); });
}
char const* add_paths_on_cuda(CudaNet* self, std::span<PathLaw const> laws, std::uint64_t pairs, std::int64_t* sums) {
  return on_gpu(self->ordinal, [&] { add_paths(*self, laws, pairs, sums); });
}

}  // namespace muster::kernels::nets

#endif
