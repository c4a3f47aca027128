// Forward and backward passes of a chunk of rows, and of the twin network that differentiates the output by its inputs
// (Huge and Savine, Differential Machine Learning, 2020).
#include "kernels/nets/net_body.hpp"

#include "kernels/nets/activations.hpp"
#include "kernels/nets/exact_gradient.hpp"
#include "kernels/nets/products.hpp"

MUSTER_NETS_BEGIN

namespace {

/// Tiles of `panels` times rows of `a`: start(tile, row, column), then the products, then finish(tile, row, column).
template <class Start, class Finish>
MUSTER_FN void product(NetView const& net, Left a, std::uint32_t rows, float const* panels, std::uint32_t depth, std::uint32_t columns,
                       Start start, Finish finish) {
  for (std::uint32_t column = 0; column < columns; column += tile_columns)
    for (std::uint32_t k = 0; k < depth; k += depth_block) {
      std::uint32_t const count = depth - k < depth_block ? depth - k : depth_block;
      Right const panel{panels + std::size_t{column} * depth + std::size_t{k} * tile_columns, tile_columns};
      for (std::uint32_t row = 0; row < rows; row += tile_rows) {
        float* const partial = net.partial + std::size_t{row} * tile_columns;
        Tile tile;
        if (k == 0)
          start(tile, row, column);
        else
          __builtin_memcpy(tile, partial, sizeof(tile));
        multiply(tile, {a.at + row * a.row_step + k, a.row_step, 1}, panel, count);
        if (k + count == depth)
          finish(tile, row, column);
        else
          __builtin_memcpy(partial, tile, sizeof(tile));
      }
    }
}

MUSTER_FN void from_zero(Tile& tile, std::uint32_t, std::uint32_t) {
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) tile[r][p] = Pack{};
}

/// work(index of the row in the tile, pack, offset in the matrix) over a tile of a matrix.
template <class Work>
MUSTER_FN void each_pack(std::uint32_t row, std::uint32_t column, std::uint32_t stride, Work work) {
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p)
      work(r, p, std::size_t{row + static_cast<std::uint32_t>(r)} * stride + column + static_cast<std::uint32_t>(p * pack_floats));
}

MUSTER_FN void store_tile(Tile const& tile, std::uint32_t row, std::uint32_t column, std::uint32_t stride, float* to) {
  each_pack(row, column, stride, [&](int r, int p, std::size_t at) { store(to + at, tile[r][p]); });
}

/// The activation of a tile into a layer's trace; `Parts` 1: the value, 2: and the slope, 3: and the bend.
template <Activation curve, int Parts>
MUSTER_FN void activate(Tile const& tile, std::uint32_t row, std::uint32_t column, std::uint32_t stride, TraceView const& to) {
  constexpr int count = tile_rows * tile_columns;
  float z[count], value[count], slope[count], bend[count];
  __builtin_memcpy(z, tile, sizeof(z));
  MUSTER_LANES
  for (int i = 0; i < count; ++i) {
    Curve const c = Activate<curve>::at(z[i]);
    value[i] = c.value;
    slope[i] = c.slope;
    bend[i] = c.bend;
  }
  each_pack(row, column, stride, [&](int r, int p, std::size_t at) {
    int const from = r * tile_columns + p * pack_floats;
    store(to.value + at, load(value + from));
    if constexpr (Parts > 1) store(to.slope + at, load(slope + from));
    if constexpr (Parts > 2) store(to.bend + at, load(bend + from));
  });
}

template <Activation curve, int Parts>
void forward_layer(NetView const& net, LayerView const& layer, TraceView const& from, TraceView const& to, std::uint32_t rows, bool is_linear) {
  auto const start = [&](Tile& tile, std::uint32_t, std::uint32_t column) {
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) {
      Pack const bias = load(layer.biases + column + p * pack_floats);
      MUSTER_UNROLL
      for (int r = 0; r < tile_rows; ++r) tile[r][p] = bias;
    }
  };
  Left const a{from.value, layer.in_stride};
  if (is_linear)
    product(net, a, rows, layer.forward, layer.place.in, layer.place.out, start, [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      store_tile(tile, row, column, layer.out_stride, to.value);
    });
  else
    product(net, a, rows, layer.forward, layer.place.in, layer.place.out, start, [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      activate<curve, Parts>(tile, row, column, layer.out_stride, to);
    });
}

template <int Parts>
void forward_layer(NetView const& net, std::uint32_t l, std::uint32_t rows) {
  auto const& layer = net.layers[l];
  bool const is_linear = l + 1 == net.layer_count || l == net.linear_layer;
  switch (net.activation) {
    case Activation::silu: return forward_layer<Activation::silu, Parts>(net, layer, net.trace[l], net.trace[l + 1], rows, is_linear);
    case Activation::tanh: return forward_layer<Activation::tanh, Parts>(net, layer, net.trace[l], net.trace[l + 1], rows, is_linear);
    case Activation::relu: return forward_layer<Activation::relu, Parts>(net, layer, net.trace[l], net.trace[l + 1], rows, is_linear);
  }
}

template <int Parts>
void forward(NetView const& net, std::uint32_t rows) {
  for (std::uint32_t l = 0; l < net.layer_count; ++l) forward_layer<Parts>(net, l, rows);
}

/// Rows of `from` [rows][width] into a padded matrix; rows beyond are zeros.
void copy_rows(float const* from, std::uint32_t rows, std::uint32_t width, std::uint32_t stride, std::uint32_t padded, float* to) {
  for (std::uint32_t row = 0; row < padded; ++row)
    for (std::uint32_t i = 0; i < width; ++i) to[std::size_t{row} * stride + i] = row < rows ? from[std::size_t{row} * width + i] : 0.0f;
}

/// A [rows][stride] as strips of tile_rows columns, [strip][rows][tile_rows].
void cut_strips(float const* a, std::uint32_t rows, std::uint32_t columns, std::uint32_t stride, float* strips) {
  for (std::uint32_t first = 0; first < columns; first += tile_rows)
    for (std::uint32_t row = 0; row < rows; ++row)
      for (std::uint32_t i = 0; i < tile_rows; ++i) *strips++ = a[std::size_t{row} * stride + first + i];
}

/// sums += A^T D over the rows of a chunk: A [rows][in_stride], D [rows][out_stride].
void add_outer(NetView const& net, LayerView const& layer, float const* a, float const* d, std::uint32_t rows, float* sums) {
  cut_strips(a, rows, layer.place.in, layer.in_stride, net.strips);
  for (std::uint32_t column = 0; column < layer.place.out; column += tile_columns)
    for (std::uint32_t i = 0; i < layer.place.in; i += tile_rows) {
      Tile tile;
      each_pack(i, column, layer.out_stride, [&](int r, int p, std::size_t at) { tile[r][p] = load(sums + at); });
      multiply(tile, {net.strips + std::size_t{i} * rows, 1, tile_rows}, {d + column, layer.out_stride}, rows);
      store_tile(tile, i, column, layer.out_stride, sums);
    }
}

/// sums[i] += the column i of A over the rows, for a layer of one output whose D is 1.
void add_columns(float const* a, std::uint32_t rows, std::uint32_t columns, std::uint32_t stride, std::uint32_t sums_step, float* sums) {
  for (std::uint32_t row = 0; row < rows; ++row)
    for (std::uint32_t i = 0; i < columns; ++i) sums[std::size_t{i} * sums_step] += a[std::size_t{row} * stride + i];
}

/// The derivatives of the one output by all that lies before it: adjoint and inner of every layer.
void twin(NetView const& net, std::uint32_t rows) {
  std::uint32_t const last = net.layer_count - 1;
  for (std::uint32_t l = last; l + 1 > 0; --l) {
    auto const& layer = net.layers[l];
    auto const& to = net.trace[l];
    auto const finish = [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      each_pack(row, column, layer.in_stride, [&](int r, int p, std::size_t at) {
        store(to.adjoint + at, tile[r][p]);
        if (l > 0) store(to.inner + at, tile[r][p] * load(to.slope + at));
      });
    };
    product(net, {net.trace[l + 1].inner, layer.out_stride}, rows, layer.backward, layer.place.out, layer.place.in, from_zero, finish);
  }
}

/// From the derivatives of the slopes' loss by the slopes, in `delta`, forward through the twin.
void reverse_twin(NetView const& net, std::uint32_t rows, std::uint32_t real_rows) {
  float const* from = net.delta[0];
  for (std::uint32_t l = 0; l + 1 < net.layer_count; ++l) {
    auto const& layer = net.layers[l];
    auto const& mid = net.trace[l + 1];
    float* const to = net.delta[(l + 1) % 2];
    add_outer(net, layer, from, mid.inner, real_rows, layer.twin_sums);
    auto const finish = [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      each_pack(row, column, layer.out_stride, [&](int r, int p, std::size_t at) {
        store(to + at, tile[r][p] * load(mid.slope + at));
        store(mid.extra + at, (tile[r][p] * load(mid.adjoint + at)) * load(mid.bend + at));
      });
    };
    product(net, {from, layer.in_stride}, rows, layer.forward, layer.place.in, layer.place.out, from_zero, finish);
    from = to;
  }
  auto const& top = net.layers[net.layer_count - 1];
  add_columns(from, real_rows, top.place.in, top.in_stride, top.out_stride, top.twin_sums);
}

/// From the derivatives of the loss by the outputs, in `delta`, back to every parameter.
template <bool HasSlopes>
void backward(NetView const& net, std::uint32_t rows, std::uint32_t real_rows) {
  float const* from = net.delta[0];
  for (std::uint32_t l = net.layer_count; l-- > 0;) {
    auto const& layer = net.layers[l];
    auto const& before = net.trace[l];
    add_outer(net, layer, before.value, from, real_rows, layer.sums);
    add_columns(from, real_rows, layer.place.out, layer.out_stride, 1, layer.bias_sums);
    if (l == 0) break;
    float* const to = net.delta[(net.layer_count - l) % 2];
    auto const finish = [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      each_pack(row, column, layer.in_stride, [&](int r, int p, std::size_t at) {
        Pack const slope = load(before.slope + at);
        store(to + at, HasSlopes ? fma(tile[r][p], slope, load(before.extra + at)) : tile[r][p] * slope);
      });
    };
    product(net, {from, layer.out_stride}, rows, layer.backward, layer.place.out, layer.place.in, from_zero, finish);
    from = to;
  }
}

/// Derivatives of `weight` times the squared errors; returns those.
double square_errors(float const* found, std::uint32_t stride, float const* wanted, std::uint32_t rows, std::uint32_t width,
                     float const* weights, std::uint32_t weights_step, float* derivative) {
  double loss = 0;
  for (std::uint32_t row = 0; row < rows; ++row)
    for (std::uint32_t i = 0; i < width; ++i) {
      float const error = found[std::size_t{row} * stride + i] - wanted[std::size_t{row} * width + i];
      float const weighted = weights[i * weights_step] * error;
      derivative[std::size_t{row} * stride + i] = 2.0f * weighted;
      loss += static_cast<double>(weighted) * static_cast<double>(error);
    }
  return loss;
}

/// So that rows beyond the samples' come to nothing.
void clear_rows(float* matrix, std::uint32_t first, std::uint32_t end, std::uint32_t stride) {
  for (std::size_t i = std::size_t{first} * stride; i < std::size_t{end} * stride; ++i) matrix[i] = 0;
}

void add_slope_loss(NetView const& net, Samples const& chunk, std::uint32_t padded, LossWeights const& weights, BlockLoss& loss) {
  std::uint32_t const inputs = net.layers[0].place.in, stride = net.layers[0].in_stride;
  twin(net, padded);
  loss.slope += square_errors(net.trace[0].adjoint, stride, chunk.slopes, chunk.rows, inputs, weights.slope, 1, net.delta[0]);
  clear_rows(net.delta[0], chunk.rows, padded, stride);
  reverse_twin(net, padded, chunk.rows);
}

void add_chunk(NetView const& net, Samples const& chunk, LossWeights const& weights, BlockLoss& loss) {
  std::uint32_t const padded = padded_rows(chunk.rows), inputs = net.layers[0].place.in;
  auto const& top = net.layers[net.layer_count - 1];
  copy_rows(chunk.inputs, chunk.rows, inputs, net.layers[0].in_stride, padded, net.trace[0].value);
  if (net.has_slopes) {
    forward<3>(net, padded);
    add_slope_loss(net, chunk, padded, weights, loss);
  } else {
    forward<2>(net, padded);
  }
  loss.value += square_errors(net.trace[net.layer_count].value, top.out_stride, chunk.targets, chunk.rows, top.place.out, &weights.value, 0,
                              net.delta[0]);
  clear_rows(net.delta[0], chunk.rows, padded, top.out_stride);
  net.has_slopes ? backward<true>(net, padded, chunk.rows) : backward<false>(net, padded, chunk.rows);
}

void add_losses(NetView const& net, Samples const& chunk, LossWeights const& weights, BlockLoss& loss) {
  std::uint32_t const padded = padded_rows(chunk.rows), inputs = net.layers[0].place.in, stride = net.layers[0].in_stride;
  auto const& top = net.layers[net.layer_count - 1];
  copy_rows(chunk.inputs, chunk.rows, inputs, stride, padded, net.trace[0].value);
  forward<2>(net, padded);
  loss.value += square_errors(net.trace[net.layer_count].value, top.out_stride, chunk.targets, chunk.rows, top.place.out, &weights.value, 0,
                              net.delta[0]);
  if (!net.has_slopes) return;
  twin(net, padded);
  loss.slope += square_errors(net.trace[0].adjoint, stride, chunk.slopes, chunk.rows, inputs, weights.slope, 1, net.delta[0]);
}

Samples chunk_of(Samples const& samples, std::uint32_t first, std::uint32_t most, std::uint32_t inputs, std::uint32_t outputs) {
  std::uint32_t const left = samples.rows - first;
  return {samples.inputs + std::size_t{first} * inputs, samples.targets + std::size_t{first} * outputs,
          samples.slopes == nullptr ? nullptr : samples.slopes + std::size_t{first} * inputs, left < most ? left : most};
}

}  // namespace

void load_layer(LayerView const& layer, float const* parameters) {
  auto const& place = layer.place;
  pack_panels(parameters + place.weights, place.in, place.out, layer.forward);
  pack_transposed(parameters + place.weights, place.out, place.in, layer.backward);
  for (std::uint32_t i = 0; i < place.out; ++i) layer.biases[i] = parameters[place.biases + i];
}

BlockLoss run_block(NetView const& net, Samples const& samples, LossWeights const& weights) {
  BlockLoss loss;
  std::uint32_t const inputs = net.layers[0].place.in, outputs = net.layers[net.layer_count - 1].place.out;
  for (std::uint32_t first = 0; first < samples.rows; first += chunk_rows)
    add_chunk(net, chunk_of(samples, first, chunk_rows, inputs, outputs), weights, loss);
  return loss;
}

BlockLoss run_losses(NetView const& net, Samples const& samples, LossWeights const& weights) {
  BlockLoss loss;
  std::uint32_t const inputs = net.layers[0].place.in, outputs = net.layers[net.layer_count - 1].place.out;
  for (std::uint32_t first = 0; first < samples.rows; first += chunk_rows)
    add_losses(net, chunk_of(samples, first, chunk_rows, inputs, outputs), weights, loss);
  return loss;
}

void run_forward(NetView const& net, float const* inputs, std::uint32_t rows, float* outputs, float* slopes) {
  auto const& bottom = net.layers[0];
  auto const& top = net.layers[net.layer_count - 1];
  for (std::uint32_t first = 0; first < rows; first += chunk_rows) {
    std::uint32_t const count = rows - first < chunk_rows ? rows - first : chunk_rows, padded = padded_rows(count);
    copy_rows(inputs + std::size_t{first} * bottom.place.in, count, bottom.place.in, bottom.in_stride, padded, net.trace[0].value);
    slopes == nullptr ? forward<1>(net, padded) : forward<2>(net, padded);
    for (std::uint32_t row = 0; row < count; ++row)
      for (std::uint32_t i = 0; i < top.place.out; ++i)
        outputs[std::size_t{first + row} * top.place.out + i] = net.trace[net.layer_count].value[std::size_t{row} * top.out_stride + i];
    if (slopes == nullptr) continue;
    twin(net, padded);
    for (std::uint32_t row = 0; row < count; ++row)
      for (std::uint32_t i = 0; i < bottom.place.in; ++i)
        slopes[std::size_t{first + row} * bottom.place.in + i] = net.trace[0].adjoint[std::size_t{row} * bottom.in_stride + i];
  }
}

void fold_gradient(LayerView const& layer, double const* scales, std::int64_t* sums, std::uint32_t* most) {
  auto const& place = layer.place;
  for (std::uint32_t i = 0; i < place.in; ++i) {
    std::size_t const row = std::size_t{i} * layer.out_stride, to = place.weights + std::size_t{i} * place.out;
    fold(layer.sums + row, place.out, scales[0], sums + to, most[0]);
    if (layer.twin_sums != nullptr) fold(layer.twin_sums + row, place.out, scales[0], sums + to, most[0]);
  }
  fold(layer.bias_sums, place.out, scales[1], sums + place.biases, most[1]);
}

MUSTER_NETS_END
