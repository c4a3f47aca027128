// Networks on tensor cores: kernels and the order of passes, as cuda_nets.cu has them in fp32. Included by cuda_bf16.cu and cuda_fp16.cu.
#pragma once

#include <algorithm>

#include "kernels/cuda_check.hpp"
#include "kernels/nets/cuda_buckets.hpp"
#include "kernels/nets/cuda_fused.hpp"
#include "kernels/nets/cuda_tensor.hpp"
#include "kernels/nets/cuda_tensor_work.hpp"

MUSTER_TENSOR_BEGIN

namespace {

// ---- Kernels ----

/// Of the code that the device runs: one that was made for an older card and translated has no groups.
__device__ int const has_group_code = MUSTER_HAS_GROUPS;

extern __shared__ __align__(1024) char tensor_room[];

/// Tiles of a row of them lie side by side, so that blocks that run together read the same rows.
template <class Cut, class Work>
__global__ void __launch_bounds__(Cut::threads, Cut::blocks) tensor_product_kernel(TensorFactors const factors, Work work) {
  std::uint32_t const across = (factors.columns + Cut::columns - 1) / Cut::columns;
  TensorTile<Cut, Lines::of_depth> tile(factors, threadIdx.x, blockIdx.x / across * Cut::rows, blockIdx.x % across * Cut::columns, tensor_room);
  tile.run(work);
}

struct Gradient {
  TensorFactors factors;
  GradientView weights, biases;
};
/// Of layers of one shape.
struct Gradients {
  Gradient of[most_fused_layers];
  std::uint32_t count;
};

/// A^T D of each block of samples, in blockIdx.z, for a layer, in blockIdx.y; and the sums of D's columns, where biases are wanted.
template <class Cut>
__global__ void __launch_bounds__(Cut::threads, Cut::blocks) tensor_gradient_kernel(Gradients const all, BlockView const* blocks) {
  BlockView const block = blocks[blockIdx.z];
  Gradient const& gradient = all.of[blockIdx.y];
  GradientView const weights = gradient.weights, biases = gradient.biases;
  TensorFactors factors = gradient.factors;
  factors.left += std::size_t{block.row} * factors.left_stride;
  factors.right += std::size_t{block.row} * factors.right_stride;
  factors.depth = block.rows;
  std::uint32_t const down = (factors.rows + Cut::rows - 1) / Cut::rows;
  TensorTile<Cut, Lines::by_depth> tile(factors, threadIdx.x, blockIdx.x % down * Cut::rows, blockIdx.x / down * Cut::columns, tensor_room);
  bool const sums_biases = biases.sums != nullptr && blockIdx.x % down == 0 && tile.looks();
  TensorGradient<Cut::column_tiles, tile.pairs> work{{}, *weights.scale, weights.sums, factors.rows, factors.columns, sums_biases};
  tile.run(work);
  weights.raise(block.shard, work.most);
  if (!sums_biases) return;
  std::uint32_t largest = 0;
  MUSTER_UNROLL
  for (int t = 0; t < 2 * tile.pairs; ++t)
    work.finish_biases(t, tile.pair_column(t / 2) + static_cast<std::uint32_t>(t % 2 * 8), threadIdx.x, *biases.scale, biases.sums, largest);
  biases.raise(block.shard, largest);
}

constexpr Precision short_precision = MUSTER_SHORT_IS_FP16 ? Precision::fp16 : Precision::bf16;
constexpr int fused_groups = 3, fused_threads = 128 * fused_groups;

/// Blocks that stay, and take rows in turns.
template <int Width, bool Learns>
__global__ void __launch_bounds__(fused_threads, 1) fused_kernel(__grid_constant__ FusedView const view) {
  load_network<Width>(view, tensor_room);
  FusedGroup<Width, Learns> group(view, tensor_room, threadIdx.x % 128);
  std::uint32_t const slot = threadIdx.x / 128 * gridDim.x + blockIdx.x;
  for (std::uint32_t row = slot * 64; row < view.rows; row += gridDim.x * fused_threads / 2) group.run(row, slot);
}

/// Rows of floats as short numbers, a piece a thread; with `Twice`, what rounding took away lies behind them.
template <bool Twice>
__global__ void round_kernel(float const* from, std::uint32_t from_stride, std::uint32_t width, std::uint32_t rows, Short* to, std::uint32_t to_stride) {
  std::uint32_t const pieces = to_stride / piece_values;
  std::size_t const i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x, row = i / pieces;
  if (row >= rows) return;
  auto const at = [&](std::uint32_t column) {
    bool const is_rest = Twice && column >= width;
    std::uint32_t const source = is_rest ? column - width : column;
    if (source >= width) return 0.0f;
    float const x = from[row * from_stride + source];
    return is_rest ? x - low_of(pack_pair(x, 0)) : x;
  };
  std::uint32_t const first = static_cast<std::uint32_t>(i % pieces) * piece_values;
  Piece piece;
  for (std::uint32_t w = 0; w < 4; ++w) piece.words[w] = pack_pair(at(first + 2 * w), at(first + 2 * w + 1));
  *reinterpret_cast<Piece*>(to + row * to_stride + first) = piece;
}

__global__ void ones_kernel(Short* to, std::uint32_t stride, std::uint32_t rows) {
  std::uint32_t const row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < rows) to[std::size_t{row} * stride] = short_one;
}

/// What comes out of a hidden layer, four neighbours a thread.
__global__ void tensor_drop_kernel(TensorTrace const to, bool has_bend, std::uint32_t const* numbers, Dropout const dropout, std::uint32_t layer,
                                   std::uint32_t rows) {
  std::uint32_t const fours = to.stride / 4;
  std::size_t const i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x, row = i / fours;
  if (row >= rows) return;
  auto const four = static_cast<std::uint32_t>(i % fours);
  auto const factors = drop_factors(dropout, numbers[row], layer, four);
  std::size_t const at = row * to.stride + 4 * four;
  drop_four(to.value + at, factors);
  drop_four(to.slope + at, factors);
  if (has_bend) drop_four(to.bend + at, factors);
}

__global__ void tensor_layer_kernel(LayerPlace const place, TensorLayer const to, float const* parameters) {
  std::size_t const by_output = std::size_t{place.out} * to.depth_stride, by_input = std::size_t{place.in} * to.out_stride;
  std::size_t const stride = std::size_t{gridDim.x} * blockDim.x;
  auto const weight = [&](std::size_t in, std::size_t out) {
    return static_cast<Short>(pack_pair(parameters[place.weights + in * place.out + out], 0));
  };
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < by_output + by_input + to.out_stride; i += stride) {
    if (i < by_input) {
      std::size_t const in = i / to.out_stride, out = i % to.out_stride;
      to.by_input[i] = out < place.out ? weight(in, out) : Short{0};
    } else if (std::size_t const j = i - by_input; j < by_output) {
      std::size_t const out = j / to.depth_stride, k = j % to.depth_stride;
      to.by_output[j] = k < to.depth ? weight(k % place.in, out) : Short{0};
    } else {
      std::size_t const b = j - by_output;
      to.biases[b] = b < place.out ? parameters[place.biases + b] : 0.0f;
    }
  }
}

// ---- Launches ----

using Launch = TensorLaunch;

unsigned parts(std::uint64_t count, std::uint64_t of) { return static_cast<unsigned>((count + of - 1) / of); }

/// Of a cut: elements computed, padding among them, over what the cut reaches of a full device.
template <class Cut>
double cost_of(std::uint32_t rows, std::uint32_t columns, std::uint32_t batch, int multiprocessors, double share) {
  std::uint64_t const blocks = std::uint64_t{parts(rows, Cut::rows)} * parts(columns, Cut::columns) * batch;
  std::uint64_t const waves = parts(blocks, static_cast<std::uint64_t>(multiprocessors));
  return static_cast<double>(waves) * Cut::rows * Cut::columns / share;
}

template <class Tile, class Kernel>
void allow_room(Kernel kernel) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Tile::bytes));
}

/// Whether groups multiply. It shows in bits, so that it goes by the shape and the kind of device.
bool is_for_groups(Launch const& l, std::uint32_t depth, std::uint32_t columns) { return l.has_groups && depth >= 64 && columns >= 64; }

template <class Cut, class Work>
void launch_product(Launch const& l, TensorFactors const& factors, Work const& work) {
  using Tile = TensorTile<Cut, Lines::of_depth>;
  allow_room<Tile>(tensor_product_kernel<Cut, Work>);
  unsigned const blocks = parts(factors.rows, Cut::rows) * parts(factors.columns, Cut::columns);
  tensor_product_kernel<Cut><<<blocks, Cut::threads, Tile::bytes, l.stream>>>(factors, work);
  check(cudaGetLastError());
}

struct Factor {
  Short const* at;
  std::uint32_t stride;
};

/// Of all rows of a launch.
template <class Work>
void product(Launch const& l, Factor left, Factor right, std::uint32_t depth, std::uint32_t columns, Work const& work) {
  TensorFactors const factors{left.at, left.stride, right.at, right.stride, l.rows, columns, depth};
  auto const cost = [&](auto cut, double share) { return cost_of<decltype(cut)>(l.rows, columns, 1, l.multiprocessors, share); };
  if (is_for_groups(l, depth, columns)) {
    double const big = cost(GroupBig{}, 0.8), wide = cost(GroupWide{}, 0.7), half = cost(GroupHalf{}, 0.6), least = std::min({big, wide, half});
    if (least == big) return launch_product<GroupBig>(l, factors, work);
    return least == wide ? launch_product<GroupWide>(l, factors, work) : launch_product<GroupHalf>(l, factors, work);
  }
  double const big = cost(TensorBig{}, 0.8), wide = cost(TensorWide{}, 0.8), half = cost(TensorHalf{}, 0.6), small = cost(TensorSmall{}, 0.3);
  double const least = std::min({big, wide, half, small});
  if (least == big) return launch_product<TensorBig>(l, factors, work);
  if (least == wide) return launch_product<TensorWide>(l, factors, work);
  least == half ? launch_product<TensorHalf>(l, factors, work) : launch_product<TensorSmall>(l, factors, work);
}

/// To few columns of fp32, or many.
void product(Launch const& l, Factor left, Factor right, std::uint32_t depth, std::uint32_t columns, TensorOutputs const& work) {
  TensorFactors const factors{left.at, left.stride, right.at, right.stride, l.rows, columns, depth};
  columns <= TensorThin::columns ? launch_product<TensorThin>(l, factors, work) : launch_product<TensorHalf>(l, factors, work);
}

template <class Cut>
void launch_gradients(Launch const& l, Gradients const& all) {
  using Tile = TensorTile<Cut, Lines::by_depth>;
  allow_room<Tile>(tensor_gradient_kernel<Cut>);
  auto const& factors = all.of[0].factors;
  dim3 const grid(parts(factors.rows, Cut::rows) * parts(factors.columns, Cut::columns), all.count, l.block_count);
  tensor_gradient_kernel<Cut><<<grid, Cut::threads, Tile::bytes, l.stream>>>(all, l.blocks);
  check(cudaGetLastError());
}

void launch_gradients(Launch const& l, Gradients const& all) {
  std::uint32_t const in = all.of[0].factors.rows, out = all.of[0].factors.columns;
  auto const cost = [&](auto cut, double share) { return cost_of<decltype(cut)>(in, out, l.block_count * all.count, l.multiprocessors, share); };
  if (is_for_groups(l, in, out)) {
    double const big = cost(GroupBig{}, 0.8), wide = cost(GroupWide{}, 0.7), half = cost(GroupHalf{}, 0.6), least = std::min({big, wide, half});
    if (least == big) return launch_gradients<GroupBig>(l, all);
    return least == wide ? launch_gradients<GroupWide>(l, all) : launch_gradients<GroupHalf>(l, all);
  }
  double const big = cost(TensorBig{}, 0.8), square = cost(TensorGradientSquare{}, 0.5);
  double const flat = cost(TensorGradientFlat{}, 0.2), thin = cost(TensorThin{}, 0.2);
  double const least = std::min({big, square, flat, thin});
  if (least == big) return launch_gradients<TensorBig>(l, all);
  if (least == square) return launch_gradients<TensorGradientSquare>(l, all);
  least == flat ? launch_gradients<TensorGradientFlat>(l, all) : launch_gradients<TensorThin>(l, all);
}

enum class Biases { none, summed };

/// The gradient of a layer's parameters from what comes in and the loss's derivative by what goes out.
Gradient gradient_of(Launch const& l, std::size_t layer, Factor left, Factor right, Biases biases) {
  auto const& at = l.at;
  auto const& place = at.layers[layer].place;
  std::size_t const bucket = 2 * layer;
  auto const buckets = static_cast<std::uint32_t>(2 * at.layers.size());
  auto const view = [&](std::size_t b, std::size_t first) { return GradientView{l.scales + b, at.sums + first, at.most + b, buckets}; };
  Gradient gradient{{left.at, left.stride, right.at, right.stride, place.in, place.out, 0}, view(bucket, place.weights), {}};
  if (biases == Biases::summed) gradient.biases = view(bucket + 1, place.biases);
  return gradient;
}
void layer_gradient(Launch const& l, std::size_t layer, Factor left, Factor right, Biases biases) {
  launch_gradients(l, {{gradient_of(l, layer, left, right, biases)}, 1});
}

template <bool Twice>
void round(Launch const& l, float const* from, std::uint32_t width, Short* to, std::uint32_t to_stride) {
  std::uint64_t const count = std::uint64_t{l.rows} * (to_stride / piece_values);
  round_kernel<Twice><<<parts(count, 256), 256, 0, l.stream>>>(from, device_stride(width), width, l.rows, to, to_stride);
  check(cudaGetLastError());
}

// ---- Passes ----

Factor by_output(TensorLayer const& layer) { return {layer.by_output, layer.depth_stride}; }
Factor by_input(TensorLayer const& layer) { return {layer.by_input, layer.out_stride}; }

void drop(Launch const& l, std::size_t i, bool has_bend) {
  if (l.dropout == nullptr) return;
  auto const& to = l.at.tensor.trace[i + 1];
  tensor_drop_kernel<<<parts(std::uint64_t{l.rows} * (to.stride / 4), 256), 256, 0, l.stream>>>(to, has_bend, l.at.numbers, *l.dropout,
                                                                                             static_cast<std::uint32_t>(i), l.rows);
  check(cudaGetLastError());
}

void reverse_twin(Launch const& l) {
  auto const& at = l.at.tensor;
  auto const inputs = l.plan.shape.inputs();
  round<false>(l, l.at.by_slope, inputs, at.by_slope, tensor_stride(inputs));
  Factor from{at.by_slope, tensor_stride(inputs)};
  for (std::size_t i = 0; i < at.layers.size(); ++i) {
    auto const& mid = at.trace[i + 1];
    auto const& place = l.at.layers[i].place;
    layer_gradient(l, i, from, {mid.inner, mid.stride}, Biases::none);
    if (i + 1 == at.layers.size()) return;
    Short* const to = at.delta[i % 2];
    product(l, from, by_output(at.layers[i]), place.in, place.out, TensorReverseTwin(mid, to, l.rows));
    from = {to, mid.stride};
  }
}

void backward(Launch const& l) {
  auto const& at = l.at.tensor;
  auto const outputs = l.plan.shape.outputs();
  round<false>(l, l.at.by_output, outputs, at.by_output, tensor_stride(outputs));
  Factor from{at.by_output, tensor_stride(outputs)};
  for (std::size_t i = at.layers.size(); i-- > 0;) {
    auto const& before = at.trace[i];
    auto const& place = l.at.layers[i].place;
    layer_gradient(l, i, {before.value, before.stride}, from, Biases::summed);
    if (i == 0) return;
    Short* const to = at.delta[i % 2];
    auto const into = [&](auto const& work) { product(l, from, by_input(at.layers[i]), place.out, place.in, work); };
    if (l.plan.has_slopes)
      into(TensorBackward<true>(before, to, l.rows));
    else
      into(TensorBackward<false>(before, to, l.rows));
    from = {to, before.stride};
  }
}

// ---- Small networks in one kernel ----

constexpr std::uint32_t most_room_bytes = 227 * 1024;

std::uint32_t fused_bytes(DevicePlan const& plan) {
  auto const hidden = static_cast<std::uint32_t>(plan.shape.layers() - 1);
  switch (fused_width(plan)) {
    case 64: return FusedRoom<64>::bytes(hidden, plan.shape.outputs());
    case 128: return FusedRoom<128>::bytes(hidden, plan.shape.outputs());
    case 160: return FusedRoom<160>::bytes(hidden, plan.shape.outputs());
    default: return UINT32_MAX;
  }
}
/// A pass over samples; predictions may want slopes. One that drops values does so between its layers.
bool is_fused(Launch const& l) { return l.has_groups && l.dropout == nullptr && l.value_weight != nullptr && fused_bytes(l.plan) <= most_room_bytes; }

FusedView fused_view(Launch const& l) {
  auto const& at = l.at.tensor;
  auto const& shape = l.plan.shape;
  FusedView view{};
  view.hidden = static_cast<std::uint32_t>(shape.layers() - 1);
  for (std::size_t i = 0; i < shape.layers(); ++i) {
    auto const& to = at.trace[i + 1];
    view.layers[i] = {at.layers[i].by_output, at.layers[i].depth_stride, at.layers[i].biases, to.value, to.slope, to.delta};
  }
  view.inputs = at.trace[0].value;
  view.input_stride = at.trace[0].stride;
  view.outputs = shape.outputs();
  view.output_stride = device_stride(shape.outputs());
  view.rows = l.rows;
  view.found = l.at.trace.back().value;
  view.wanted = l.at.wanted;
  view.by_output = at.by_output;
  view.weight = l.value_weight;
  view.curve = shape.activation;
  return view;
}

template <int Width, bool Learns>
void launch_fused(Launch const& l) {
  auto const bytes = fused_bytes(l.plan);
  check(cudaFuncSetAttribute(fused_kernel<Width, Learns>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
  unsigned const blocks = std::min(static_cast<unsigned>(l.multiprocessors), parts(l.rows, 64 * fused_groups));
  fused_kernel<Width, Learns><<<blocks, fused_threads, bytes, l.stream>>>(fused_view(l));
  check(cudaGetLastError());
}
template <bool Learns>
void launch_fused(Launch const& l) {
  switch (fused_width(l.plan)) {
    case 64: return launch_fused<64, Learns>(l);
    case 128: return launch_fused<128, Learns>(l);
    default: return launch_fused<160, Learns>(l);
  }
}

/// What came in and what the losses say, behind the fused kernel.
void fused_gradients(Launch const& l) {
  auto const& at = l.at.tensor;
  std::size_t const last = at.layers.size() - 1;
  auto const value = [&](std::size_t i) { return Factor{at.trace[i].value, at.trace[i].stride}; };
  auto const delta = [&](std::size_t i) { return Factor{at.trace[i].delta, at.trace[i].stride}; };
  layer_gradient(l, last, value(last), {at.by_output, tensor_stride(l.plan.shape.outputs())}, Biases::summed);
  Gradients hidden{};
  for (std::size_t i = 1; i < last; ++i) hidden.of[hidden.count++] = gradient_of(l, i, value(i), delta(i + 1), Biases::summed);
  if (hidden.count > 0) launch_gradients(l, hidden);
  layer_gradient(l, 0, value(0), delta(1), Biases::summed);
}

bool open_device(int ordinal) {
  int major = 0, minor = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, ordinal));
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, ordinal));
  if (char const* const refusal = refusal_of(short_precision, major); refusal != nullptr) throw refusal;
  int has_code = 0;
  check(cudaMemcpyFromSymbol(&has_code, has_group_code, sizeof has_code));
  return major == 9 && minor == 0 && has_code == 1;
}

void prepare(DevicePlan const& plan, DeviceLayout const& at, cudaStream_t stream) {
  auto const& last = at.tensor.trace.back();
  if (last.inner == nullptr) return;
  // The twin begins with the output's derivative by itself.
  auto const rows = static_cast<std::uint32_t>(plan.rows_at_once);
  check(cudaMemsetAsync(last.inner, 0, plan.rows_at_once * last.stride * sizeof(Short), stream));
  ones_kernel<<<parts(rows, 256), 256, 0, stream>>>(last.inner, last.stride, rows);
  check(cudaGetLastError());
}

void load(DeviceLayout const& at, float const* parameters, cudaStream_t stream) {
  for (std::size_t i = 0; i < at.layers.size(); ++i) {
    auto const& layer = at.tensor.layers[i];
    std::uint64_t const count = std::uint64_t{layer.depth_stride} * layer.out_stride;
    tensor_layer_kernel<<<parts(std::min<std::uint64_t>(count, 1u << 20), 256), 256, 0, stream>>>(at.layers[i].place, layer, parameters);
    check(cudaGetLastError());
  }
}

void forward(Launch const& l, bool has_bend) {
  auto const& at = l.at.tensor;
  auto const& shape = l.plan.shape;
  round<true>(l, l.at.trace[0].value, shape.inputs(), at.trace[0].value, at.trace[0].stride);
  if (is_fused(l)) return l.scales != nullptr ? launch_fused<true>(l) : launch_fused<false>(l);
  for (std::size_t i = 0; i < at.layers.size(); ++i) {
    auto const& layer = at.layers[i];
    TensorFromBiases const start{layer.biases, layer.out_stride};
    QuickCurve const curve{shape.activation, i == shape.linear_layer};
    auto const into = [&](auto const& work) {
      product(l, {at.trace[i].value, at.trace[i].stride}, by_output(layer), layer.depth, l.at.layers[i].place.out, work);
    };
    if (i + 1 == at.layers.size())
      into(TensorOutputs{start, l.at.trace.back().value, device_stride(shape.outputs()), l.rows});
    else if (has_bend)
      into(TensorActivated<true>(start, at.trace[i + 1], curve, l.rows));
    else
      into(TensorActivated<false>(start, at.trace[i + 1], curve, l.rows));
    if (i + 1 < at.layers.size() && !curve.is_linear) drop(l, i, has_bend);
  }
}

void twin(Launch const& l) {
  auto const& at = l.at.tensor;
  for (std::size_t i = at.layers.size(); i-- > 0;) {
    auto const& place = l.at.layers[i].place;
    auto const into = [&](auto const& work) {
      product(l, {at.trace[i + 1].inner, at.trace[i + 1].stride}, by_input(at.layers[i]), place.out, place.in, work);
    };
    if (i == 0)
      into(TensorOutputs{{nullptr, 0}, l.at.trace[0].adjoint, device_stride(place.in), l.rows});
    else if (l.plan.has_slopes)
      into(TensorTwin<true>(at.trace[i], l.rows));
    else
      into(TensorTwin<false>(at.trace[i], l.rows));
  }
}

void learn(Launch const& l) {
  if (is_fused(l)) return fused_gradients(l);
  if (l.plan.has_slopes) reverse_twin(l);
  backward(l);
}

}  // namespace

MUSTER_TENSOR_END
