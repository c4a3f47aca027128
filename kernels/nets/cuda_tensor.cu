// Networks on tensor cores: kernels and the order of passes, as cuda_nets.cu has them in fp32.
#if defined(__CUDACC__)

#include <algorithm>

#include "kernels/cuda_check.hpp"
#include "kernels/nets/cuda_buckets.hpp"
#include "kernels/nets/cuda_tensor.hpp"
#include "kernels/nets/cuda_tensor_work.hpp"

MUSTER_NETS_BEGIN

namespace {

// ---- Kernels ----

extern __shared__ __align__(1024) char tensor_room[];

/// Tiles of a row of them lie side by side, so that blocks that run together read the same rows.
template <class Cut, class Work>
__global__ void __launch_bounds__(Cut::threads, Cut::blocks) tensor_product_kernel(TensorFactors const factors, Work work) {
  std::uint32_t const across = (factors.columns + Cut::columns - 1) / Cut::columns;
  TensorTile<Cut, Lines::of_depth> tile(factors, threadIdx.x, blockIdx.x / across * Cut::rows, blockIdx.x % across * Cut::columns, tensor_room);
  tile.run(work);
}

/// A^T D of each block of samples, in blockIdx.z; and the sums of D's columns, where biases are wanted.
template <class Cut>
__global__ void __launch_bounds__(Cut::threads, Cut::blocks)
tensor_gradient_kernel(TensorFactors const all, BlockView const* blocks, GradientView const weights, GradientView const biases) {
  BlockView const block = blocks[blockIdx.z];
  TensorFactors factors = all;
  factors.left += std::size_t{block.row} * all.left_stride;
  factors.right += std::size_t{block.row} * all.right_stride;
  factors.depth = block.rows;
  TensorTile<Cut, Lines::by_depth> tile(factors, threadIdx.x, blockIdx.x * Cut::rows, blockIdx.y * Cut::columns, tensor_room);
  bool const sums_biases = biases.sums != nullptr && blockIdx.x == 0 && tile.looks();
  TensorGradient<Cut::column_tiles, tile.pairs> work{{}, *weights.scale, weights.sums, all.rows, all.columns, sums_biases};
  tile.run(work);
  weights.raise(block.shard, work.most);
  if (!sums_biases) return;
  std::uint32_t largest = 0;
  MUSTER_UNROLL
  for (int t = 0; t < 2 * tile.pairs; ++t)
    work.finish_biases(t, tile.pair_column(t / 2) + static_cast<std::uint32_t>(t % 2 * 8), threadIdx.x, *biases.scale, biases.sums, largest);
  biases.raise(block.shard, largest);
}

/// Rows of floats as bf16, a piece a thread; with `Twice`, what rounding took away lies behind them.
template <bool Twice>
__global__ void round_kernel(float const* from, std::uint32_t from_stride, std::uint32_t width, std::uint32_t rows, Bf16* to, std::uint32_t to_stride) {
  std::uint32_t const pieces = to_stride / piece_values;
  std::size_t const i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x, row = i / pieces;
  if (row >= rows) return;
  auto const at = [&](std::uint32_t column) {
    bool const is_rest = Twice && column >= width;
    std::uint32_t const source = is_rest ? column - width : column;
    if (source >= width) return 0.0f;
    float const x = from[row * from_stride + source];
    return is_rest ? x - low_of(pack_bf16(x, 0)) : x;
  };
  std::uint32_t const first = static_cast<std::uint32_t>(i % pieces) * piece_values;
  Piece piece;
  for (std::uint32_t w = 0; w < 4; ++w) piece.words[w] = pack_bf16(at(first + 2 * w), at(first + 2 * w + 1));
  *reinterpret_cast<Piece*>(to + row * to_stride + first) = piece;
}

__global__ void ones_kernel(Bf16* to, std::uint32_t stride, std::uint32_t rows) {
  std::uint32_t const row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < rows) to[std::size_t{row} * stride] = 0x3f80;
}

__global__ void tensor_layer_kernel(LayerPlace const place, TensorLayer const to, float const* parameters) {
  std::size_t const by_output = std::size_t{place.out} * to.depth_stride, by_input = std::size_t{place.in} * to.out_stride;
  std::size_t const stride = std::size_t{gridDim.x} * blockDim.x;
  auto const weight = [&](std::size_t in, std::size_t out) {
    return static_cast<Bf16>(pack_bf16(parameters[place.weights + in * place.out + out], 0));
  };
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < by_output + by_input + to.out_stride; i += stride) {
    if (i < by_input) {
      std::size_t const in = i / to.out_stride, out = i % to.out_stride;
      to.by_input[i] = out < place.out ? weight(in, out) : Bf16{0};
    } else if (std::size_t const j = i - by_input; j < by_output) {
      std::size_t const out = j / to.depth_stride, k = j % to.depth_stride;
      to.by_output[j] = k < to.depth ? weight(k % place.in, out) : Bf16{0};
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
  Bf16 const* at;
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

struct Gradient {
  TensorFactors factors;
  GradientView weights, biases;
};

template <class Cut>
void launch_gradient(Launch const& l, Gradient const& gradient) {
  using Tile = TensorTile<Cut, Lines::by_depth>;
  allow_room<Tile>(tensor_gradient_kernel<Cut>);
  dim3 const grid(parts(gradient.factors.rows, Cut::rows), parts(gradient.factors.columns, Cut::columns), l.block_count);
  tensor_gradient_kernel<Cut><<<grid, Cut::threads, Tile::bytes, l.stream>>>(gradient.factors, l.blocks, gradient.weights, gradient.biases);
  check(cudaGetLastError());
}

void launch_gradient(Launch const& l, Gradient const& gradient) {
  std::uint32_t const in = gradient.factors.rows, out = gradient.factors.columns;
  auto const cost = [&](auto cut, double share) { return cost_of<decltype(cut)>(in, out, l.block_count, l.multiprocessors, share); };
  if (is_for_groups(l, in, out)) {
    double const big = cost(GroupBig{}, 0.8), wide = cost(GroupWide{}, 0.7), half = cost(GroupHalf{}, 0.6), least = std::min({big, wide, half});
    if (least == big) return launch_gradient<GroupBig>(l, gradient);
    return least == wide ? launch_gradient<GroupWide>(l, gradient) : launch_gradient<GroupHalf>(l, gradient);
  }
  double const big = cost(TensorBig{}, 0.8), wide = cost(TensorGradientWide{}, 0.6), square = cost(TensorGradientSquare{}, 0.5);
  double const flat = cost(TensorGradientFlat{}, 0.2), thin = cost(TensorThin{}, 0.2);
  double const least = std::min({big, wide, square, flat, thin});
  if (least == big) return launch_gradient<TensorBig>(l, gradient);
  if (least == wide) return launch_gradient<TensorGradientWide>(l, gradient);
  if (least == square) return launch_gradient<TensorGradientSquare>(l, gradient);
  least == flat ? launch_gradient<TensorGradientFlat>(l, gradient) : launch_gradient<TensorThin>(l, gradient);
}

enum class Biases { none, summed };

/// The gradient of a layer's parameters from what comes in and the loss's derivative by what goes out.
void layer_gradient(Launch const& l, std::size_t layer, Factor left, Factor right, Biases biases) {
  auto const& at = l.at;
  auto const& place = at.layers[layer].place;
  std::size_t const bucket = 2 * layer;
  auto const buckets = static_cast<std::uint32_t>(2 * at.layers.size());
  auto const view = [&](std::size_t b, std::size_t first) { return GradientView{l.scales + b, at.sums + first, at.most + b, buckets}; };
  Gradient gradient{{left.at, left.stride, right.at, right.stride, place.in, place.out, 0}, view(bucket, place.weights), {}};
  if (biases == Biases::summed) gradient.biases = view(bucket + 1, place.biases);
  launch_gradient(l, gradient);
}

template <bool Twice>
void round(Launch const& l, float const* from, std::uint32_t width, Bf16* to, std::uint32_t to_stride) {
  std::uint64_t const count = std::uint64_t{l.rows} * (to_stride / piece_values);
  round_kernel<Twice><<<parts(count, 256), 256, 0, l.stream>>>(from, device_stride(width), width, l.rows, to, to_stride);
  check(cudaGetLastError());
}

// ---- Passes ----

Factor by_output(TensorLayer const& layer) { return {layer.by_output, layer.depth_stride}; }
Factor by_input(TensorLayer const& layer) { return {layer.by_input, layer.out_stride}; }

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
    Bf16* const to = at.delta[i % 2];
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
    Bf16* const to = at.delta[i % 2];
    auto const into = [&](auto const& work) { product(l, from, by_input(at.layers[i]), place.out, place.in, work); };
    if (l.plan.has_slopes)
      into(TensorBackward<true>(before, to, l.rows));
    else
      into(TensorBackward<false>(before, to, l.rows));
    from = {to, before.stride};
  }
}

}  // namespace

bool open_tensor_device(int ordinal) {
  int major = 0, minor = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, ordinal));
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, ordinal));
  if (char const* const refusal = refusal_of(Precision::bf16, major); refusal != nullptr) throw refusal;
  return major == 9 && minor == 0;
}

void prepare_tensor(DevicePlan const& plan, DeviceLayout const& at, cudaStream_t stream) {
  auto const& last = at.tensor.trace.back();
  if (last.inner == nullptr) return;
  // The twin begins with the output's derivative by itself.
  auto const rows = static_cast<std::uint32_t>(plan.rows_at_once);
  check(cudaMemsetAsync(last.inner, 0, plan.rows_at_once * last.stride * sizeof(Bf16), stream));
  ones_kernel<<<parts(rows, 256), 256, 0, stream>>>(last.inner, last.stride, rows);
  check(cudaGetLastError());
}

void load_tensor(DeviceLayout const& at, float const* parameters, cudaStream_t stream) {
  for (std::size_t i = 0; i < at.layers.size(); ++i) {
    auto const& layer = at.tensor.layers[i];
    std::uint64_t const count = std::uint64_t{layer.depth_stride} * layer.out_stride;
    tensor_layer_kernel<<<parts(std::min<std::uint64_t>(count, 1u << 20), 256), 256, 0, stream>>>(at.layers[i].place, layer, parameters);
    check(cudaGetLastError());
  }
}

void tensor_forward(Launch const& l, bool has_bend) {
  auto const& at = l.at.tensor;
  auto const& shape = l.plan.shape;
  round<true>(l, l.at.trace[0].value, shape.inputs(), at.trace[0].value, at.trace[0].stride);
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
  }
}

void tensor_twin(Launch const& l) {
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

void tensor_learn(Launch const& l) {
  if (l.plan.has_slopes) reverse_twin(l);
  backward(l);
}

MUSTER_NETS_END

#endif
