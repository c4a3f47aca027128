// Forward and backward passes of a batch of rows, and of the twin network that differentiates the output by its inputs
// (Huge and Savine, Differential Machine Learning, 2020).
#include "kernels/nets/net_body.hpp"

#include "kernels/nets/activations.hpp"
#include "kernels/nets/harvest.hpp"
#include "kernels/nets/masks.hpp"
#include "kernels/nets/products.hpp"

MUSTER_NETS_BEGIN

namespace {

/// The activation of a tile into a layer's trace; `Parts` 1: the value, 2: and the slope, 3: and the bend.
template <Activation curve, int Parts>
MUSTER_FN void activate(Tile const& tile, std::uint32_t row, std::uint32_t column, TraceView const& to) {
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
  each_pack(row, column, [&](int r, int p, std::size_t at) {
    int const from = r * tile_columns + p * pack_floats;
    store(to.value + at, load(value + from));
    if constexpr (Parts > 1) store(to.slope + at, load(slope + from));
    if constexpr (Parts > 2) store(to.bend + at, load(bend + from));
  });
}

Weights forward_weights(LayerView const& layer) { return {layer.weights, layer.place.in, layer.place.out, false}; }
Weights backward_weights(LayerView const& layer) { return {layer.weights, layer.place.out, layer.place.in, true}; }

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
  auto const weights = forward_weights(layer);
  if (is_linear)
    product(net, from.value, rows, weights, start, [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      store_tile(tile, row, column, to.value);
    });
  else
    product(net, from.value, rows, weights, start, [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      activate<curve, Parts>(tile, row, column, to);
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

/// Of a batch that is learned from.
template <int Parts>
void forward(NetView const& net, HostBatch const& batch, Dropout const* dropout) {
  if (dropout == nullptr) return forward<Parts>(net, batch.rows);
  for (std::uint32_t l = 0; l < net.layer_count; ++l) {
    forward_layer<Parts>(net, l, batch.rows);
    if (l + 1 < net.layer_count && l != net.linear_layer) drop<Parts>(net, batch, *dropout, l);
  }
}

/// work(offset in a batch's matrix, column) of the elements of a row, in order.
template <class Work>
MUSTER_FN void each_of_row(std::uint32_t row, std::uint32_t width, Work work) {
  for (std::uint32_t first = 0; first < width; first += slab_columns) {
    std::size_t const at = cell(row, first);
    std::uint32_t const count = width - first < slab_columns ? width - first : slab_columns;
    for (std::uint32_t i = 0; i < count; ++i) work(at + i, first + i);
  }
}

/// Rows [rows][width] into a batch's matrix from row `first`, and back.
void put_rows(float const* from, std::uint32_t rows, std::uint32_t width, std::uint32_t first, float* to) {
  for (std::uint32_t row = 0; row < rows; ++row)
    each_of_row(first + row, width, [&](std::size_t at, std::uint32_t i) { to[at] = from[std::size_t{row} * width + i]; });
}
void take_rows(float const* from, std::uint32_t rows, std::uint32_t width, float* to) {
  for (std::uint32_t row = 0; row < rows; ++row)
    each_of_row(row, width, [&](std::size_t at, std::uint32_t i) { to[std::size_t{row} * width + i] = from[at]; });
}

/// The derivatives of the one output by all that lies before it: adjoint and inner of every layer.
void twin(NetView const& net, std::uint32_t rows) {
  std::uint32_t const last = net.layer_count - 1;
  // It begins with the output's derivative by itself.
  for (std::uint32_t row = 0; row < batch_rows; ++row) net.trace[net.layer_count].inner[cell(row, 0)] = 1;
  for (std::uint32_t l = last; l + 1 > 0; --l) {
    auto const& to = net.trace[l];
    auto const finish = [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      each_pack(row, column, [&](int r, int p, std::size_t at) {
        store(to.adjoint + at, tile[r][p]);
        if (l > 0) store(to.inner + at, tile[r][p] * load(to.slope + at));
      });
    };
    product(net, net.trace[l + 1].inner, rows, backward_weights(net.layers[l]), from_zero, finish);
  }
}

/// From the derivatives of the slopes' loss by the slopes, in `delta`, forward through the twin.
void reverse_twin(NetView const& net, HostBatch const& batch) {
  float const* from = net.delta[0];
  std::uint32_t const last = net.layer_count - 1;
  for (std::uint32_t l = 0; l < last; ++l) {
    auto const& layer = net.layers[l];
    auto const& mid = net.trace[l + 1];
    float* const to = net.delta[(l + 1) % 2];
    harvest(net, batch, l, {from, mid.inner, layer.twin_sums});
    auto const finish = [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      each_pack(row, column, [&](int r, int p, std::size_t at) {
        store(to + at, tile[r][p] * load(mid.slope + at));
        store(mid.extra + at, (tile[r][p] * load(mid.adjoint + at)) * load(mid.bend + at));
      });
    };
    product(net, from, batch.rows, forward_weights(layer), from_zero, finish);
    from = to;
  }
  auto const& top = net.layers[last];
  harvest_columns(batch, 2 * last, from, top.place.in, top.twin_sums, batch.sums + top.place.weights);
}

/// From the derivatives of the loss by the outputs, in `delta`, back to every parameter.
template <bool HasSlopes>
void backward(NetView const& net, HostBatch const& batch) {
  float const* from = net.delta[0];
  for (std::uint32_t l = net.layer_count; l-- > 0;) {
    auto const& layer = net.layers[l];
    auto const& before = net.trace[l];
    harvest(net, batch, l, {before.value, from, layer.sums});
    harvest_columns(batch, 2 * l + 1, from, layer.place.out, layer.bias_sums, batch.sums + layer.place.biases);
    if (l == 0) break;
    float* const to = net.delta[(net.layer_count - l) % 2];
    auto const finish = [&](Tile const& tile, std::uint32_t row, std::uint32_t column) {
      each_pack(row, column, [&](int r, int p, std::size_t at) {
        Pack const slope = load(before.slope + at);
        store(to + at, HasSlopes ? fma(tile[r][p], slope, load(before.extra + at)) : tile[r][p] * slope);
      });
    };
    product(net, from, batch.rows, backward_weights(layer), from_zero, finish);
    from = to;
  }
}

/// The columns of a row's last slab beyond its width: tiles reach over them, and the largest of a tile is told.
MUSTER_FN void clear_beyond(std::uint32_t row, std::uint32_t width, float* matrix) {
  if (width % slab_columns == 0) return;
  float* const slab = matrix + cell(row, width - width % slab_columns);
  for (std::uint32_t i = width % slab_columns; i < slab_columns; ++i) slab[i] = 0;
}

/// Derivatives of `weights` times the squared errors of rows of a batch from row `first`; returns those, added up in chunks.
double square_errors(float const* found, std::uint32_t first, float const* wanted, std::uint32_t rows, std::uint32_t width,
                     float const* weights, std::uint32_t weights_step, float* derivative) {
  double loss = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    each_of_row(first + row, width, [&](std::size_t at, std::uint32_t i) {
      float const error = found[at] - wanted[std::size_t{row} * width + i];
      float const weighted = weights[i * weights_step] * error;
      derivative[at] = 2.0f * weighted;
      loss += static_cast<double>(weighted) * static_cast<double>(error);
    });
    clear_beyond(first + row, width, derivative);
  }
  return loss;
}

Samples rows_of(Samples const& samples, std::uint32_t first, std::uint32_t rows, std::uint32_t inputs, std::uint32_t outputs) {
  return {samples.inputs + std::size_t{first} * inputs, samples.targets + std::size_t{first} * outputs,
          samples.slopes == nullptr ? nullptr : samples.slopes + std::size_t{first} * inputs, rows};
}

/// work(samples of a chunk of a part, first row of the batch, loss of their block), chunk by chunk.
template <class Work>
void each_chunk(NetView const& net, HostBatch const& batch, Work work) {
  std::uint32_t const inputs = net.layers[0].place.in, outputs = net.layers[net.layer_count - 1].place.out;
  for (std::uint32_t p = 0; p < batch.part_count; ++p) {
    Part const& part = batch.parts[p];
    for (std::uint32_t done = 0; done < part.rows; done += chunk_rows) {
      std::uint32_t const rows = part.rows - done < chunk_rows ? part.rows - done : chunk_rows;
      work(rows_of(part.block->samples, part.first_of_block + done, rows, inputs, outputs), part.first + done, part.block->loss);
    }
  }
}

void put_inputs(NetView const& net, HostBatch const& batch) {
  each_chunk(net, batch, [&](Samples const& chunk, std::uint32_t first, BlockLoss&) {
    put_rows(chunk.inputs, chunk.rows, net.layers[0].place.in, first, net.trace[0].value);
  });
}
void add_value_losses(NetView const& net, HostBatch const& batch, LossWeights const& weights) {
  each_chunk(net, batch, [&](Samples const& chunk, std::uint32_t first, BlockLoss& loss) {
    loss.value += square_errors(net.trace[net.layer_count].value, first, chunk.targets, chunk.rows,
                                net.layers[net.layer_count - 1].place.out, &weights.value, 0, net.delta[0]);
  });
}
void add_slope_losses(NetView const& net, HostBatch const& batch, LossWeights const& weights) {
  twin(net, batch.rows);
  each_chunk(net, batch, [&](Samples const& chunk, std::uint32_t first, BlockLoss& loss) {
    loss.slope += square_errors(net.trace[0].adjoint, first, chunk.slopes, chunk.rows, net.layers[0].place.in, weights.slope, 1, net.delta[0]);
  });
}

}  // namespace

void run_batch(NetView const& net, HostBatch const& batch, LossWeights const& weights) {
  put_inputs(net, batch);
  if (net.has_slopes) {
    forward<3>(net, batch, weights.dropout);
    add_slope_losses(net, batch, weights);
    reverse_twin(net, batch);
  } else {
    forward<2>(net, batch, weights.dropout);
  }
  add_value_losses(net, batch, weights);
  net.has_slopes ? backward<true>(net, batch) : backward<false>(net, batch);
}

void run_losses(NetView const& net, HostBatch const& batch, LossWeights const& weights) {
  put_inputs(net, batch);
  forward<2>(net, batch.rows);
  add_value_losses(net, batch, weights);
  if (net.has_slopes) add_slope_losses(net, batch, weights);
}

void run_forward(NetView const& net, float const* inputs, std::uint32_t rows, float* outputs, float* slopes) {
  std::uint32_t const in = net.layers[0].place.in, out = net.layers[net.layer_count - 1].place.out;
  for (std::uint32_t first = 0; first < rows; first += batch_rows) {
    std::uint32_t const count = rows - first < batch_rows ? rows - first : batch_rows;
    put_rows(inputs + std::size_t{first} * in, count, in, 0, net.trace[0].value);
    slopes == nullptr ? forward<1>(net, count) : forward<2>(net, count);
    take_rows(net.trace[net.layer_count].value, count, out, outputs + std::size_t{first} * out);
    if (slopes == nullptr) continue;
    twin(net, count);
    take_rows(net.trace[0].adjoint, count, in, slopes + std::size_t{first} * in);
  }
}

MUSTER_NETS_END
