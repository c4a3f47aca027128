// Networks on a GPU: transfers, the order of passes, launches.
#include "kernels/nets/cuda_nets.hpp"

#if !defined(__CUDACC__)

namespace muster::kernels::nets {
namespace {
constexpr char const* no_cuda = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
}

CudaNet* open_cuda_net(DevicePlan const&, std::span<CudaCard const>, char const** error) {
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
                        Squares const&, AddOthers const&) {
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
#include <thread>
#include <vector>

#include "kernels/cuda_check.hpp"
#include "kernels/nets/cuda_buckets.hpp"
#include "kernels/nets/cuda_labels.hpp"
#include "kernels/nets/cuda_rows.hpp"
#include "kernels/nets/cuda_tensor.hpp"
#include "kernels/nets/device_layout.hpp"
#include "kernels/nets/update_math.hpp"

namespace muster::kernels::nets {

/// What one card keeps of a network, and where.
struct Card {
  DevicePlan plan;
  int ordinal = 0;
  cudaStream_t stream = nullptr;
  TableMemory memory{};
  bool owns_stream = false;
  cudaEvent_t done = nullptr;  ///< what others wait for
  int multiprocessors = 1;
  bool has_groups = false;  ///< of warps on tensor cores
  void* block = nullptr;
  char* pinned = nullptr;  ///< notes of a launch, then losses, then sums
  DeviceLayout at;
  SampleTable held;        ///< sizes alone
  void* labels = nullptr;  ///< laws and sums of a launch of paths
  std::size_t label_bytes = 0;
};

/// Copies of a network, [copy][member].
struct CudaNet {
  DevicePlan plan;
  std::vector<Card> cards;
  std::span<Card> copy(std::size_t number) { return std::span(cards).subspan(number * plan.members, plan.members); }
  Card& first() { return cards.front(); }
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

/// A thread four neighbours.
__global__ void drop_kernel(DropView const view, Dropout const dropout, std::size_t count) {
  std::uint32_t const fours = view.stride / 4;
  std::size_t const stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride)
    drop_four(view, dropout, static_cast<std::uint32_t>(i / fours), static_cast<std::uint32_t>(i % fours));
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
  if (layer.forward == nullptr) return;  // weights are kept as short numbers
  if (is_bias(layer, i)) {
    layer.biases[out] = value;
    return;
  }
  layer.forward[in * layer.own_out_stride + out] = value;
  if (layer.backward != nullptr) layer.backward[out * layer.own_in_stride + in] = value;
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

/// A thread a chain, a row of the grid a part.
__global__ void square_kernel(SquarePart const* parts, std::int64_t const* sums, double const* scales, double* chains) {
  SquarePart const part = parts[blockIdx.y];
  std::uint32_t const stride = gridDim.x * blockDim.x;
  for (std::uint32_t column = blockIdx.x * blockDim.x + threadIdx.x; column < part.columns; column += stride) {
    double const scale = scales[part.bucket];
    std::int64_t const* const at = sums + part.first + column;
    double chain = 0;
#pragma unroll 8
    for (std::uint32_t row = 0; row < part.rows; ++row) chain = with_square(at[std::size_t{row} * part.columns], scale, chain);
    chains[part.chain + column] = chain;
  }
}

/// to[column][row] = from[row][column] of `rows` times `columns`.
__global__ void turn_kernel(float const* from, std::uint32_t rows, std::uint32_t columns, float* to, std::uint32_t to_stride) {
  std::size_t const count = std::size_t{rows} * columns, stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride)
    to[i / rows * to_stride + i % rows] = from[i % rows * columns + i / rows];
}

__global__ void add_kernel(std::int64_t* to, std::int64_t const* from, std::size_t count) {
  std::size_t const stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) to[i] += from[i];
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
  Card& self;
  std::uint32_t rows, block_count, chunk_count;
  BlockView const* blocks;
  ChunkView const* chunks;
  double const* scales;      ///< one a bucket
  float const* slope_weights;  ///< then the value's
  RowOrder order;
  Dropout const* dropout = nullptr;

  DeviceLayout const& at() const { return self.at; }
  std::uint32_t buckets() const { return static_cast<std::uint32_t>(2 * at().layers.size()); }
  bool is_short() const { return nets::is_short(self.plan.precision); }
  TensorLaunch tensor() const {
    auto const* const value_weight = slope_weights == nullptr ? nullptr : slope_weights + self.plan.shape.inputs();
    return {self.plan, at(), self.stream, self.multiprocessors, rows, block_count, blocks, scales, value_weight, dropout, self.has_groups};
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

/// The gradient of a member's own parameters of a layer from what comes in and the loss's derivative by what goes out.
void layer_gradient(Launch const& l, std::size_t layer, float const* left, float const* right, Biases biases) {
  auto const& at = l.at();
  auto const& of = at.layers[layer];
  if (of.own_out.count == 0) return;
  std::size_t const bucket = 2 * layer;
  auto const view = [&](std::size_t b, std::size_t first) { return GradientView{l.scales + b, at.sums + first, at.most + b, l.buckets()}; };
  Gradient gradient{{left, of.in_stride, right + of.own_out.first, of.out_stride, of.place.in, of.place.out, 0}, view(bucket, of.place.weights), {}};
  if (biases == Biases::summed) gradient.biases = view(bucket + 1, of.place.biases);
  launch_gradient(l, gradient);
}

// ---- Passes, in the order of net_body.cpp ----

void gather(Launch const& l) {
  auto const& at = l.at();
  auto const& shape = l.self.plan.shape;
  auto const& held = l.self.held;
  GatherView const view{at.inputs, held.targets.empty() ? nullptr : at.targets, l.self.plan.has_slopes ? at.slopes : nullptr,
                        held.places.empty() ? nullptr : at.places, held.row_step, shape.inputs(), shape.outputs(), at.trace[0].value, at.wanted, at.wanted_slopes, device_stride(shape.inputs()), device_stride(shape.outputs()), at.numbers};
  gather_kernel<<<dim3(parts(parts(l.rows, l.block_count), 128), l.block_count), 128, 0, l.self.stream>>>(view, l.order, l.blocks);
  check(cudaGetLastError());
}

/// The launches of all members of a copy.
struct Pass {
  std::vector<Launch> launches;
  std::uint32_t turn = 0;

  bool is_short() const { return launches.front().is_short(); }
  TensorPasses const& passes() const { return tensor_passes(launches.front().self.plan); }
  bool has_slopes() const { return launches.front().self.plan.has_slopes; }
  std::size_t layers() const { return launches.front().at().layers.size(); }
  template <class Work>
  void each(Work const& work) const {
    for (auto const& l : launches) {
      check(cudaSetDevice(l.self.ordinal));
      work(l);
    }
  }
  /// Where a member writes its own columns of a matrix.
  float* own(Launch const& l, float* whole) const { return launches.size() == 1 ? whole : l.at().stage[turn % 2]; }
  /// What all have written there comes to the matrices of all, as wide as boundary `b` of the layers. The stage before is free
  /// again: whoever waits for a member's columns waits for its copies of those before.
  template <class Whole>
  void share(std::size_t b, Whole const& whole) {
    if (launches.size() == 1) return;
    each([](Launch const& l) { check(cudaEventRecord(l.self.done, l.self.stream)); });
    each([&](Launch const& to) {
      for (auto const& from : launches) fetch_columns(to, from, b, whole(to.at()));
    });
    ++turn;
  }

 private:
  void fetch_columns(Launch const& to, Launch const& from, std::size_t b, float* whole) const {
    auto const width = to.self.plan.shape.widths[b];
    auto const slice = slice_of(width, from.self.plan.member, from.self.plan.members);
    check(cudaStreamWaitEvent(to.self.stream, from.self.done, 0));
    if (slice.count == 0) return;
    cudaMemcpy3DPeerParms copy{};
    copy.srcDevice = from.self.ordinal;
    copy.srcPtr = make_cudaPitchedPtr(from.at().stage[turn % 2], device_stride(slice.count) * sizeof(float), slice.count, to.rows);
    copy.dstDevice = to.self.ordinal;
    copy.dstPtr = make_cudaPitchedPtr(whole + slice.first, device_stride(width) * sizeof(float), slice.count, to.rows);
    copy.extent = make_cudaExtent(slice.count * sizeof(float), to.rows, 1);
    check(cudaMemcpy3DPeerAsync(&copy, to.self.stream));
  }
};

/// `left` times the weights to a member's own outputs.
template <class Work>
void to_outputs(Launch const& l, DeviceLayer const& layer, float const* left, Work const& work) {
  if (layer.own_out.count > 0)
    product(l, left, layer.in_stride, layer.forward, layer.own_out_stride, layer.place.in, layer.place.out, work);
}
/// `left` times the turned weights to its own inputs.
template <class Work>
void to_inputs(Launch const& l, DeviceLayer const& layer, float const* left, Work const& work) {
  if (layer.own_in.count > 0)
    product(l, left, layer.out_stride, layer.backward, layer.own_in_stride, layer.outputs, layer.own_in.count, work);
}

void forward_layer(Launch const& l, std::size_t i, bool has_bend, float* own) {
  auto const& at = l.at();
  auto const& layer = at.layers[i];
  auto const into = [&](auto const& work) { to_outputs(l, layer, at.trace[i].value, work); };
  FromBiases const start{{}, layer.biases, layer.own_out_stride};
  auto to = at.trace[i + 1];
  to.value = own;
  if (i + 1 == at.layers.size() || i == l.self.plan.shape.linear_layer)
    into(Outputs{start, own});
  else if (has_bend)
    into(Activated<true>{start, l.self.plan.shape.activation, to});
  else
    into(Activated<false>{start, l.self.plan.shape.activation, to});
}

void drop(Launch const& l, std::size_t i, bool has_bend, float* own) {
  auto const& layer = l.at().layers[i];
  auto const& to = l.at().trace[i + 1];
  if (l.dropout == nullptr || layer.own_out.count == 0) return;
  if (i + 1 == l.at().layers.size() || i == l.self.plan.shape.linear_layer) return;
  DropView const view{own, to.slope, has_bend ? to.bend : nullptr, l.at().numbers, layer.own_out_stride, static_cast<std::uint32_t>(i), layer.own_out.first};
  std::size_t const count = std::size_t{l.rows} * (layer.own_out_stride / 4);
  drop_kernel<<<parts(count, 256), 256, 0, l.self.stream>>>(view, *l.dropout, count);
  check(cudaGetLastError());
}

void forward(Pass& p, bool has_bend) {
  if (p.is_short()) return p.each([&](Launch const& l) { p.passes().forward(l.tensor(), has_bend); });
  for (std::size_t i = 0; i < p.layers(); ++i) {
    p.each([&](Launch const& l) {
      float* const own = p.own(l, l.at().trace[i + 1].value);
      forward_layer(l, i, has_bend, own);
      drop(l, i, has_bend, own);
    });
    p.share(i + 1, [i](DeviceLayout const& at) { return at.trace[i + 1].value; });
  }
}

/// The inputs' adjoint, and the inner ones of hidden layers, are what others need.
void twin(Pass& p) {
  if (p.is_short()) return p.each([&](Launch const& l) { p.passes().twin(l.tensor()); });
  for (std::size_t i = p.layers(); i-- > 0;) {
    auto const needed = [i](DeviceLayout const& at) { return i == 0 ? at.trace[0].adjoint : at.trace[i].inner; };
    p.each([&](Launch const& l) {
      auto const& layer = l.at().layers[i];
      auto to = l.at().trace[i];
      (i == 0 ? to.adjoint : to.inner) = p.own(l, needed(l.at()));
      to_inputs(l, layer, l.at().trace[i + 1].inner, Twin{{}, to, layer.own_in_stride});
    });
    p.share(i, needed);
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

void reverse_twin(Pass& p) {
  std::size_t const last = p.layers() - 1;
  auto const from = [](DeviceLayout const& at, std::size_t i) { return i == 0 ? at.by_slope : at.delta[(i - 1) % 2]; };
  for (std::size_t i = 0; i < last; ++i) {
    auto const to = [i](DeviceLayout const& at) { return at.delta[i % 2]; };
    p.each([&](Launch const& l) {
      auto const& layer = l.at().layers[i];
      auto const& mid = l.at().trace[i + 1];
      layer_gradient(l, i, from(l.at(), i), mid.inner, Biases::none);
      to_outputs(l, layer, from(l.at(), i), ReverseTwin{{}, mid, p.own(l, to(l.at())), layer.own_out_stride});
    });
    p.share(i + 1, to);
  }
  p.each([&](Launch const& l) { layer_gradient(l, last, from(l.at(), last), l.at().trace.back().inner, Biases::none); });
}

void backward(Pass& p) {
  std::size_t const last = p.layers() - 1;
  auto const from = [last](DeviceLayout const& at, std::size_t i) { return i == last ? at.by_output : at.delta[(i + 1) % 2]; };
  for (std::size_t i = last + 1; i-- > 0;) {
    auto const to = [i](DeviceLayout const& at) { return at.delta[i % 2]; };
    p.each([&](Launch const& l) {
      auto const& layer = l.at().layers[i];
      auto const& before = l.at().trace[i];
      layer_gradient(l, i, before.value, from(l.at(), i), Biases::summed);
      if (i == 0) return;
      float* const own = p.own(l, to(l.at()));
      if (p.has_slopes())
        to_inputs(l, layer, from(l.at(), i), Backward<true>{{}, before, own, layer.own_in_stride});
      else
        to_inputs(l, layer, from(l.at(), i), Backward<false>{{}, before, own, layer.own_in_stride});
    });
    if (i > 0) p.share(i, to);
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

struct Question {
  RowOrder order;
  LossWeights weights;
  double const* scales;  ///< null: losses alone
};

/// What is asked of a copy of the network.
struct Call {
  std::span<Card> cards;  ///< its members
  Question const& q;

  bool learns() const { return q.scales != nullptr; }
  Card& first() const { return cards.front(); }

  void run(Batch const& batch, BlockLoss* losses) const {
    Pass p;
    for (auto& card : cards) {
      check(cudaSetDevice(card.ordinal));
      p.launches.push_back(announce(card, batch));
    }
    pass(p);
    auto* const found = reinterpret_cast<double*>(first().pinned + first().at.note_bytes);
    check(cudaMemcpyAsync(found, first().at.losses, batch.chunks.size() * 2 * sizeof(double), cudaMemcpyDeviceToHost, first().stream));
    // Notes are written anew for the next one.
    for (auto const& card : cards) check(cudaStreamSynchronize(card.stream));
    add_losses(batch, found, 1.0 / double{q.weights.scale}, losses);
  }

  Launch announce(Card& self, Batch const& batch) const {
    auto const& at = self.at;
    auto const inputs = self.plan.shape.inputs();
    Notes notes(self.pinned, at.notes);
    std::vector<float> loss_weights(inputs, 0.0f);
    if (q.weights.slope != nullptr) loss_weights.assign(q.weights.slope, q.weights.slope + inputs);
    loss_weights.push_back(q.weights.value);
    for (float& weight : loss_weights) weight *= q.weights.scale;
    Launch const l{self,
                   batch.rows,
                   static_cast<std::uint32_t>(batch.blocks.size()),
                   static_cast<std::uint32_t>(batch.chunks.size()),
                   notes.add(batch.blocks.data(), batch.blocks.size()),
                   notes.add(batch.chunks.data(), batch.chunks.size()),
                   learns() ? notes.add(q.scales, 2 * at.layers.size()) : nullptr,
                   notes.add(loss_weights.data(), loss_weights.size()),
                   q.order,
                   learns() ? q.weights.dropout : nullptr};
    check(cudaMemcpyAsync(at.notes, self.pinned, notes.used(), cudaMemcpyHostToDevice, self.stream));
    return l;
  }

  void pass(Pass& p) const {
    p.each(gather);
    forward(p, learns() && p.has_slopes());
    if (p.has_slopes()) twin(p);
    p.each(find_losses);
    if (!learns()) return;
    if (p.is_short()) return p.each([&](Launch const& l) { p.passes().learn(l.tensor()); });
    if (p.has_slopes()) reverse_twin(p);
    backward(p);
  }

  static void add_losses(Batch const& batch, double const* found, double scale, BlockLoss* losses) {
    for (std::size_t b = 0; b < batch.blocks.size(); ++b) {
      BlockLoss loss;
      for (std::uint32_t done = 0; done < batch.blocks[b].rows; done += chunk_rows, found += 2) {
        loss += {found[0] * scale, found[1] * scale};
      }
      losses[b] = loss;
    }
  }
};

void run_blocks(Call const& call, std::span<BlockRows const> blocks, BlockLoss* losses) {
  for (std::size_t first = 0; first < blocks.size();) {
    Batch batch;
    std::size_t end = first;
    while (end < blocks.size() && batch.has_room(blocks[end], call.first().plan.rows_at_once)) batch.add(blocks[end++]);
    call.run(batch, losses + first);
    first = end;
  }
}

// ---- All copies of a network ----

/// work(i) for i below `count`, which divides the cards; a thread each, with its first card current. The first error text is thrown.
template <class Work>
void side_by_side(CudaNet const& self, std::size_t count, Work const& work) {
  std::vector<char const*> errors(count, nullptr);
  auto const run = [&](std::size_t i) { errors[i] = on_gpu(self.cards[i * self.cards.size() / count].ordinal, [&] { work(i); }); };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < count; ++i) others.emplace_back(run, i);
  run(0);
  for (auto& other : others) other.join();
  for (auto const* error : errors)
    if (error != nullptr) throw error;
}

template <class Work>
void each_card(CudaNet& self, Work const& work) {
  for (auto& card : self.cards) {
    check(cudaSetDevice(card.ordinal));
    work(card);
  }
}

std::size_t bucket_words(CudaNet const& self) { return self.plan.shards * 2 * self.plan.shape.layers(); }

/// From zero, left on the cards: what each copy's blocks give.
void sum_blocks(CudaNet& self, Question const& q, std::span<BlockRows const> blocks, BlockLoss* losses) {
  side_by_side(self, self.plan.copies, [&](std::size_t copy) {
    auto const cards = self.copy(copy);
    for (auto const& card : cards) {
      if (q.scales == nullptr) break;
      check(cudaSetDevice(card.ordinal));
      check(cudaMemsetAsync(card.at.sums, 0, card.at.parameter_count * sizeof(std::int64_t), card.stream));
      check(cudaMemsetAsync(card.at.most, 0, bucket_words(self) * sizeof(std::uint32_t), card.stream));
    }
    auto const own = share_of(blocks, copy, self.plan.copies);
    run_blocks({cards, q}, own, losses + (own.data() - blocks.data()));
  });
}

/// What all of these cards have queued is done before what they queue from here on.
void meet(std::span<Card* const> cards) {
  auto const each = [&](auto const& work) {
    for (auto* const card : cards) {
      check(cudaSetDevice(card->ordinal));
      work(*card);
    }
  };
  each([](Card& card) { check(cudaEventRecord(card.done, card.stream)); });
  each([&](Card& card) {
    for (auto* const other : cards) check(cudaStreamWaitEvent(card.stream, other->done, 0));
  });
}

/// One member's sums in all copies: each adds up a part of them, which is then copied to all.
class CopiedSums {
 public:
  CopiedSums(CudaNet& self, std::size_t member) {
    for (std::size_t copy = 0; copy < self.plan.copies; ++copy) cards_.push_back(&self.copy(copy)[member]);
  }
  std::span<std::int64_t> part(std::size_t of) const { return {cards_[of]->at.sums + begin(of), begin(of + 1) - begin(of)}; }

  void add_parts() const {
    if (cards_.size() == 1) return;
    meet(cards_);
    each_pair([&](std::size_t to, std::size_t from) {
      auto const sums = part(to);
      if (sums.empty()) return;
      fetch(to, from, to, cards_[to]->at.arrivals);
      add_kernel<<<grid_of(sums.size()), 256, 0, cards_[to]->stream>>>(sums.data(), cards_[to]->at.arrivals, sums.size());
      check(cudaGetLastError());
    });
  }
  void spread_parts() const {
    if (cards_.size() == 1) return;
    meet(cards_);
    each_pair([&](std::size_t to, std::size_t from) { fetch(to, from, from, cards_[to]->at.sums + begin(from)); });
  }

 private:
  std::size_t begin(std::size_t part) const { return cards_.front()->at.parameter_count * part / cards_.size(); }
  template <class Work>
  void each_pair(Work const& work) const {
    for (std::size_t to = 0; to < cards_.size(); ++to) {
      check(cudaSetDevice(cards_[to]->ordinal));
      for (std::size_t from = 0; from < cards_.size(); ++from)
        if (from != to) work(to, from);
    }
  }
  void fetch(std::size_t to, std::size_t from, std::size_t part, std::int64_t* at) const {
    check(cudaMemcpyPeerAsync(at, cards_[to]->ordinal, cards_[from]->at.sums + begin(part), cards_[from]->ordinal,
                              (begin(part + 1) - begin(part)) * sizeof(std::int64_t), cards_[to]->stream));
  }

  std::vector<Card*> cards_;
};

/// With those of other processes.
void add_processes(CudaNet& self, std::span<CopiedSums const> members, AddOthers const& add_others) {
  each_card(self, [](Card const& card) { check(cudaStreamSynchronize(card.stream)); });
  std::vector<std::span<std::int64_t>> parts;
  for (std::size_t copy = 0; copy < self.plan.copies; ++copy)
    for (auto const& member : members) parts.push_back(member.part(copy));
  add_others(parts);
}

/// The gradients of all blocks, from zero, left on all cards.
void sum_gradients(CudaNet& self, Question const& q, std::span<BlockRows const> blocks, BlockLoss* losses, AddOthers const& add_others = {}) {
  sum_blocks(self, q, blocks, losses);
  std::vector<CopiedSums> members;
  for (std::size_t member = 0; member < self.plan.members; ++member) members.emplace_back(self, member);
  for (auto const& member : members) member.add_parts();
  if (add_others) add_processes(self, members, add_others);
  for (auto const& member : members) member.spread_parts();
}

// Behind what else a call has in pinned memory.
std::uint32_t* pinned_most(Card const& card) {
  return reinterpret_cast<std::uint32_t*>(card.pinned + std::max(card.at.parameter_count, card.at.chain_count) * 8);
}

void fetch_most(CudaNet const& self, Card const& card) {
  check(cudaMemcpyAsync(pinned_most(card), card.at.most, bucket_words(self) * sizeof(std::uint32_t), cudaMemcpyDeviceToHost, card.stream));
}

/// When all cards are done.
void wait_and_raise(CudaNet& self, BlockReports const& reports) {
  each_card(self, [&](Card const& card) {
    check(cudaStreamSynchronize(card.stream));
    auto const* const most = pinned_most(card);
    for (std::size_t i = 0; i < bucket_words(self); ++i) reports.most[i] = std::max(most[i], reports.most[i]);
  });
}

/// work(place among all parameters, place among a member's own, values side by side)
template <class Work>
void each_run(Card const& card, Work const& work) {
  auto const places = places_of(card.plan.shape);
  for (std::size_t l = 0; l < places.size(); ++l) {
    auto const& own = card.at.layers[l];
    for (std::size_t i = 0; i < own.place.in; ++i)
      work(places[l].weights + i * places[l].out + own.own_out.first, own.place.weights + i * own.place.out, own.place.out);
    work(places[l].biases + own.own_out.first, own.place.biases, own.place.out);
  }
}

void run(CudaNet& self, Question const& q, std::span<BlockRows const> blocks, std::int64_t* sums, BlockReports const& reports) {
  if (q.scales == nullptr) return sum_blocks(self, q, blocks, reports.losses.data());
  sum_gradients(self, q, blocks, reports.losses.data());
  each_card(self, [&](Card const& card) {
    fetch_most(self, card);
    check(cudaMemcpyAsync(card.pinned, card.at.sums, card.at.parameter_count * sizeof(std::int64_t), cudaMemcpyDeviceToHost, card.stream));
  });
  wait_and_raise(self, reports);
  for (auto const& card : self.copy(0)) {
    auto const* const own = reinterpret_cast<std::int64_t const*>(card.pinned);
    each_run(card, [&](std::size_t all, std::size_t at, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i)
        sums[all + i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[all + i]) + static_cast<std::uint64_t>(own[at + i]));
    });
  }
}

/// Pinned memory serves a launch's notes and losses, and then a call's sums, or chains of squares.
std::size_t pinned_bytes(CudaNet const& self, Card const& card) {
  std::size_t const launch = card.at.note_bytes + 2 * most_launch_chunks(card.plan.rows_at_once) * sizeof(double);
  std::size_t const words = std::max(card.at.parameter_count, card.at.chain_count);
  return std::max(launch, words * 8 + bucket_words(self) * sizeof(std::uint32_t));
}

/// In the order of squared_norm.
void add_chains(std::span<Card const> cards, double* squares) {
  auto const& first = cards.front().at;
  std::fill_n(squares, 2 * first.layers.size(), 0.0);
  for (std::size_t p = 0; p < first.parts.size(); ++p) {
    ChainSum sum;
    for (auto const& card : cards) {
      auto const& part = card.at.parts[p];
      sum.add({reinterpret_cast<double const*>(card.pinned) + part.chain, part.columns});
    }
    squares[first.parts[p].bucket] += sum.total();
  }
}

void launch_squares(Card const& card, std::span<double const> scales) {
  auto const& at = card.at;
  auto* const scale = reinterpret_cast<double*>(card.pinned);
  std::ranges::copy(scales, scale);
  check(cudaMemcpyAsync(at.notes, scale, scales.size_bytes(), cudaMemcpyHostToDevice, card.stream));
  std::uint32_t widest = 1;
  for (auto const& part : at.parts) widest = std::max(widest, part.columns);
  dim3 const grid(parts(widest, 64), static_cast<unsigned>(at.parts.size()));
  square_kernel<<<grid, 64, 0, card.stream>>>(at.square_parts, at.sums, reinterpret_cast<double const*>(at.notes), at.chains);
  check(cudaGetLastError());
  check(cudaMemcpyAsync(scale, at.chains, at.chain_count * sizeof(double), cudaMemcpyDeviceToHost, card.stream));
}

void sum(CudaNet& self, Question const& q, std::span<BlockRows const> blocks, BlockReports const& reports, Squares const& squares,
         AddOthers const& add_others) {
  sum_gradients(self, q, blocks, reports.losses.data(), add_others);
  for (auto const& card : self.copy(0)) {
    check(cudaSetDevice(card.ordinal));
    launch_squares(card, squares.scales);
  }
  each_card(self, [&](Card const& card) { fetch_most(self, card); });
  wait_and_raise(self, reports);
  add_chains(self.copy(0), squares.squares.data());
}

// ---- Parameters, and steps made here ----

/// Between an array of all parameters on the host and a member's own.
enum class Way { there, back };
void copy_parameters(Card const& card, float* all, float* own, Way way) {
  auto const kind = way == Way::there ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost;
  auto const copy = [&](float* here, std::size_t here_stride, float* there, std::size_t width, std::size_t rows) {
    if (width == 0) return;
    auto* const to = way == Way::there ? there : here;
    auto* const from = way == Way::there ? here : there;
    auto const to_stride = way == Way::there ? width : here_stride, from_stride = way == Way::there ? here_stride : width;
    check(cudaMemcpy2DAsync(to, to_stride * sizeof(float), from, from_stride * sizeof(float), width * sizeof(float), rows, kind, card.stream));
  };
  if (card.plan.members == 1) return copy(all, card.at.parameter_count, own, card.at.parameter_count, 1);
  auto const places = places_of(card.plan.shape);
  for (std::size_t l = 0; l < places.size(); ++l) {
    auto const& layer = card.at.layers[l];
    copy(all + places[l].weights + layer.own_out.first, places[l].out, own + layer.place.weights, layer.place.out, layer.place.in);
    copy(all + places[l].biases + layer.own_out.first, places[l].out, own + layer.place.biases, layer.place.out, 1);
  }
}

template <class Own>
void scatter(Card const& card, std::span<float const> all, Own const& own) {
  copy_parameters(card, const_cast<float*>(all.data()), own, Way::there);
}

/// A layer's weights, turned: those of a member's inputs come from all members, each with its own outputs.
template <class Parameters>
void fetch_turned(Card const& to, std::span<Card> cards, Parameters const& parameters) {
  for (std::size_t l = 0; l < to.at.layers.size(); ++l)
    for (auto const& from : cards) {
      auto const& layer = to.at.layers[l];
      auto const& there = from.at.layers[l];
      std::size_t const count = std::size_t{layer.own_in.count} * there.own_out.count;
      if (count == 0) continue;
      auto* const arrived = reinterpret_cast<float*>(to.at.arrivals);
      float const* const begin = parameters(from) + there.place.weights + std::size_t{layer.own_in.first} * there.place.out;
      check(cudaMemcpyPeerAsync(arrived, to.ordinal, begin, from.ordinal, count * sizeof(float), to.stream));
      turn_kernel<<<grid_of(count), 256, 0, to.stream>>>(arrived, layer.own_in.count, there.own_out.count,
                                                         layer.backward + std::size_t{there.own_out.first} * layer.own_in_stride, layer.own_in_stride);
      check(cudaGetLastError());
    }
}

/// To the layers of all members, from each's own parameters: directly, where one has all, and else the turned ones by way of others.
template <class Parameters>
void spread(CudaNet& self, Parameters const& parameters) {
  for (std::size_t copy = 0; copy < self.plan.copies && self.plan.members > 1; ++copy) {
    std::vector<Card*> cards;
    for (auto& card : self.copy(copy)) cards.push_back(&card);
    meet(cards);
    for (auto* const card : cards) {
      check(cudaSetDevice(card->ordinal));
      fetch_turned(*card, self.copy(copy), parameters);
    }
    meet(cards);
  }
}

/// As a member's own kernels fill it.
DeviceLayer filled_by_itself(Card const& card, std::size_t l) {
  auto layer = card.at.layers[l];
  if (card.plan.members > 1) layer.backward = nullptr;
  return layer;
}

void fill_layers(Card const& card, float const* parameters) {
  if (is_short(card.plan.precision)) return tensor_passes(card.plan).load(card.at, parameters, card.stream);
  for (std::size_t l = 0; l < card.at.layers.size(); ++l) {
    auto const layer = filled_by_itself(card, l);
    if (layer.place.out == 0) continue;
    layer_kernel<<<grid_of(std::size_t{layer.place.in} * layer.place.out), 256, 0, card.stream>>>(layer, parameters);
    check(cudaGetLastError());
  }
}

float* trained_of(Card const& card) { return card.at.trained.parameters; }

void begin_steps(CudaNet& self, Moments const& from) {
  each_card(self, [&](Card const& card) {
    auto const& to = card.at.trained;
    scatter(card, from.parameters, to.parameters);
    scatter(card, from.first, to.first);
    scatter(card, from.second, to.second);
    scatter(card, from.average, to.average);
    fill_layers(card, to.parameters);
  });
  spread(self, trained_of);
}

void take_step(CudaNet& self, std::size_t first_bucket, std::span<UpdateRule const> rules) {
  each_card(self, [&](Card const& card) {
    auto const& all = card.at.trained;
    UpdateView const view{all.parameters, all.first, all.second, all.average, all.parameters, all.first, all.second, all.average};
    for (std::size_t i = 0; i < rules.size(); i += 2) {
      auto const layer = filled_by_itself(card, (first_bucket + i) / 2);
      if (layer.place.out == 0) continue;
      step_kernel<<<grid_of(std::size_t{layer.place.in} * layer.place.out), 256, 0, card.stream>>>(layer, rules[i], rules[i + 1], card.at.sums, view);
      check(cudaGetLastError());
    }
    if (is_short(card.plan.precision)) fill_layers(card, all.parameters);
  });
  spread(self, trained_of);
}

void read_steps(CudaNet& self, MomentsOut const& to) {
  for (auto const& card : self.copy(0)) {
    check(cudaSetDevice(card.ordinal));
    auto const& from = card.at.trained;
    copy_parameters(card, to.parameters.data(), from.parameters, Way::back);
    copy_parameters(card, to.first.data(), from.first, Way::back);
    copy_parameters(card, to.second.data(), from.second, Way::back);
    copy_parameters(card, to.average.data(), from.average, Way::back);
    check(cudaStreamSynchronize(card.stream));
  }
}

void* take(Card const& self, std::size_t bytes) {
  void* const at = self.memory.take(self.memory.pool, bytes);
  if (at == nullptr) throw cuda_out_of_memory;
  return at;
}

void open_memory(CudaNet const& net, Card& self) {
  self.block = take(self, device_bytes(self.plan));
  Arena arena(static_cast<char*>(self.block));
  self.at = lay_out(self.plan, arena);
  self.at.note_bytes = self.at.note_bytes / 64 * 64;
  self.pinned = static_cast<char*>(take_pinned(pinned_bytes(net, self)));
  if (self.pinned == nullptr) throw "no pinned memory of the host";
}

/// What never changes.
void fill_constants(Card const& self) {
  auto const fill = [&](float* matrix, std::uint32_t stride, float value) {
    if (matrix == nullptr || stride == 0) return;
    std::size_t const count = self.plan.rows_at_once * stride;
    fill_kernel<<<grid_of(count), 256, 0, self.stream>>>(matrix, count, value);
    check(cudaGetLastError());
  };
  check(cudaMemcpyAsync(self.at.square_parts, self.at.parts.data(), self.at.parts.size() * sizeof(SquarePart), cudaMemcpyHostToDevice, self.stream));
  if (is_short(self.plan.precision)) return tensor_passes(self.plan).prepare(self.plan, self.at, self.stream);
  // The twin begins with the output's derivative by itself.
  fill(self.at.trace.back().inner, self.at.layers.back().out_stride, 1);
  if (self.plan.shape.linear_layer >= self.at.layers.size()) return;
  auto const& linear = self.at.trace[self.plan.shape.linear_layer + 1];
  auto const stride = self.at.layers[self.plan.shape.linear_layer].own_out_stride;
  fill(linear.slope, stride, 1);
  fill(linear.bend, stride, 0);
}

void open(CudaNet& net, Card& self) {
  check(cudaSetDevice(self.ordinal));
  if (net.cards.size() > 1) {
    check(cudaStreamCreateWithFlags(&self.stream, cudaStreamNonBlocking));
    self.owns_stream = true;
    check(cudaEventCreateWithFlags(&self.done, cudaEventDisableTiming));
  }
  if (is_short(self.plan.precision)) self.has_groups = tensor_passes(self.plan).open_device(self.ordinal);
  check(cudaDeviceGetAttribute(&self.multiprocessors, cudaDevAttrMultiProcessorCount, self.ordinal));
  open_memory(net, self);
  fill_constants(self);
}

void open(CudaNet& net) {
  if (net.plan.members > 1 && is_short(net.plan.precision)) throw "a network of short numbers does not lie on several GPUs";
  for (auto& card : net.cards) open(net, card);
}

void load(CudaNet& self, float const* parameters) {
  std::span const all(parameters, parameter_count(self.plan.shape));
  each_card(self, [&](Card const& card) {
    scatter(card, all, card.at.parameters);
    fill_layers(card, card.at.parameters);
  });
  spread(self, [](Card const& card) { return card.at.parameters; });
}

void hold(CudaNet& net, SampleTable const& table) {
  auto const& size = net.plan.table;
  if (table.inputs.size() > size.inputs || table.targets.size() > size.targets || table.slopes.size() > size.slopes ||
      table.places.size() > size.places)
    throw "more samples than it was opened for";
  each_card(net, [&](Card& self) {
    auto const copy = [&](auto* to, auto from) {
      check(cudaMemcpyAsync(to, from.data(), from.size_bytes(), cudaMemcpyHostToDevice, self.stream));
    };
    copy(self.at.inputs, table.inputs);
    copy(self.at.targets, table.targets);
    copy(self.at.slopes, table.slopes);
    copy(self.at.places, table.places);
    check(cudaStreamSynchronize(self.stream));
    self.held = table;
  });
}

/// Rows of `width` floats between the host and a matrix of the device.
void copy_rows(Card const& self, float* to, std::uint32_t to_stride, float const* from, std::uint32_t from_stride, std::uint32_t width,
               std::size_t rows, cudaMemcpyKind way) {
  check(cudaMemcpy2DAsync(to, to_stride * sizeof(float), from, from_stride * sizeof(float), width * sizeof(float), rows, way, self.stream));
}

/// By the first copy.
void predict(CudaNet& net, std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) {
  auto& self = net.first();
  auto const in = self.plan.shape.inputs(), out = self.plan.shape.outputs();
  if (!slopes.empty() && !self.plan.has_twin) throw "slopes of a network that was opened without";
  std::size_t const rows = inputs.size() / in;
  for (std::size_t first = 0; first < rows; first += self.plan.rows_at_once) {
    std::size_t const count = rows - first < self.plan.rows_at_once ? rows - first : self.plan.rows_at_once;
    Pass p;
    for (auto& card : net.copy(0)) p.launches.push_back({card, static_cast<std::uint32_t>(count), 0, 0, nullptr, nullptr, nullptr, nullptr, {}});
    p.each([&](Launch const& l) {
      copy_rows(l.self, l.at().trace[0].value, device_stride(in), inputs.data() + first * in, in, in, count, cudaMemcpyHostToDevice);
    });
    forward(p, false);
    check(cudaSetDevice(self.ordinal));
    copy_rows(self, outputs.data() + first * out, out, self.at.trace.back().value, device_stride(out), out, count, cudaMemcpyDeviceToHost);
    if (slopes.empty()) continue;
    twin(p);
    check(cudaSetDevice(self.ordinal));
    copy_rows(self, slopes.data() + first * in, in, self.at.trace[0].adjoint, device_stride(in), in, count, cudaMemcpyDeviceToHost);
  }
  for (auto const& card : net.copy(0)) check(cudaStreamSynchronize(card.stream));
}

void grow_labels(Card& self, std::size_t bytes) {
  if (bytes <= self.label_bytes) return;
  if (self.labels != nullptr) self.memory.give(self.memory.pool, self.labels);
  self.labels = nullptr;
  self.labels = take(self, bytes);
  self.label_bytes = bytes;
}

void add_paths(Card& self, std::span<PathLaw const> laws, std::uint64_t pairs, std::int64_t* sums) {
  if (laws.empty()) return;
  std::size_t const law_bytes = laws.size_bytes(), sum_bytes = laws.size() * label_sums * sizeof(std::int64_t);
  grow_labels(self, law_bytes + sum_bytes);
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

/// A share of the laws for each card.
void add_paths(CudaNet& net, std::span<PathLaw const> laws, std::uint64_t pairs, std::int64_t* sums) {
  std::size_t const cards = net.cards.size();
  side_by_side(net, cards, [&](std::size_t i) {
    std::size_t const first = laws.size() * i / cards, end = laws.size() * (i + 1) / cards;
    add_paths(net.cards[i], laws.subspan(first, end - first), pairs, sums + first * label_sums);
  });
}

}  // namespace
}  // namespace MUSTER_ISA

CudaNet* open_cuda_net(DevicePlan const& plan, std::span<CudaCard const> cards, char const** error) {
  auto* const self = new CudaNet{plan, {}};
  for (auto const& card : cards) {
    auto& added = self->cards.emplace_back();
    added.plan = plan;
    added.plan.member = static_cast<std::uint32_t>(self->cards.size() - 1) % plan.members;
    added.ordinal = card.ordinal;
    added.stream = static_cast<cudaStream_t>(card.stream);
    added.memory = card.memory;
  }
  *error = on_gpu(self->first().ordinal, [self] { open(*self); });
  if (*error == nullptr) return self;
  close_cuda_net(self);
  return nullptr;
}

void close_cuda_net(CudaNet* self) {
  if (self == nullptr) return;
  for (auto const& card : self->cards) {
    for (void* const at : {card.block, card.labels})
      if (at != nullptr) card.memory.give(card.memory.pool, at);
    give_pinned(card.pinned);
    if (card.done != nullptr) cudaEventDestroy(card.done);
    if (card.owns_stream) cudaStreamDestroy(card.stream);
  }
  delete self;
}

char const* hold_on_cuda(CudaNet* self, SampleTable const& table) {
  return on_gpu(self->first().ordinal, [&] { hold(*self, table); });
}
char const* load_on_cuda(CudaNet* self, float const* parameters) {
  return on_gpu(self->first().ordinal, [&] { load(*self, parameters); });
}
char const* run_cuda_net(CudaNet* self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                         double const* scales, std::int64_t* sums, BlockReports const& reports) {
  return on_gpu(self->first().ordinal, [&] { run(*self, {order, weights, sums == nullptr ? nullptr : scales}, blocks, sums, reports); });
}
char const* begin_steps_on_cuda(CudaNet* self, Moments const& from) {
  return on_gpu(self->first().ordinal, [&] { begin_steps(*self, from); });
}
char const* sum_on_cuda(CudaNet* self, std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                        double const* scales, BlockReports const& reports, Squares const& squares, AddOthers const& add_others) {
  return on_gpu(self->first().ordinal, [&] { sum(*self, {order, weights, scales}, blocks, reports, squares, add_others); });
}
char const* step_on_cuda(CudaNet* self, std::size_t first_bucket, std::span<UpdateRule const> rules) {
  return on_gpu(self->first().ordinal, [&] { take_step(*self, first_bucket, rules); });
}
char const* read_steps_on_cuda(CudaNet* self, MomentsOut const& to) {
  return on_gpu(self->first().ordinal, [&] { read_steps(*self, to); });
}
char const* predict_on_cuda(CudaNet* self, std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) {
  return on_gpu(self->first().ordinal, [&] { predict(*self, inputs, outputs, slopes); });
}
char const* add_paths_on_cuda(CudaNet* self, std::span<PathLaw const> laws, std::uint64_t pairs, std::int64_t* sums) {
  return on_gpu(self->first().ordinal, [&] { add_paths(*self, laws, pairs, sums); });
}

}  // namespace muster::kernels::nets

#endif
