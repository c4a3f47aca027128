// Dropout of a batch's hidden values on a CPU. Included by net_body.cpp.
#pragma once

#include "kernels/nets/dropout.hpp"
#include "kernels/nets/products.hpp"
#include "kernels/rng/philox_lanes.hpp"

MUSTER_NETS_BEGIN

/// dropout_factor of word j of blocks i to i + 7, as element 4 i + j.
MUSTER_FN void write_factors(Dropout const& dropout, std::uint32_t const* const (&words)[4], float* to) {
  typedef std::uint32_t Eight __attribute__((vector_size(32)));
  Eight of[4], pairs[4], fours[4];
  Eight const threshold = Eight{} + dropout.threshold, scale = Eight{} + to_bits(dropout.scale);
  MUSTER_UNROLL
  for (int j = 0; j < 4; ++j) {
    __builtin_memcpy(&of[j], words[j], sizeof(Eight));
    of[j] = reinterpret_cast<Eight>(of[j] >= threshold) & scale;
  }
  MUSTER_UNROLL
  for (int j = 0; j < 4; j += 2) {
    pairs[j] = __builtin_shuffle(of[j], of[j + 1], Eight{0, 8, 1, 9, 4, 12, 5, 13});
    pairs[j + 1] = __builtin_shuffle(of[j], of[j + 1], Eight{2, 10, 3, 11, 6, 14, 7, 15});
  }
  MUSTER_UNROLL
  for (int j = 0; j < 2; ++j) {
    fours[2 * j] = __builtin_shuffle(pairs[j], pairs[j + 2], Eight{0, 1, 8, 9, 4, 5, 12, 13});
    fours[2 * j + 1] = __builtin_shuffle(pairs[j], pairs[j + 2], Eight{2, 3, 10, 11, 6, 7, 14, 15});
  }
  MUSTER_UNROLL
  for (int j = 0; j < 2; ++j) {
    Eight const low = __builtin_shuffle(fours[2 * j], fours[2 * j + 1], Eight{0, 1, 2, 3, 8, 9, 10, 11});
    Eight const high = __builtin_shuffle(fours[2 * j], fours[2 * j + 1], Eight{4, 5, 6, 7, 12, 13, 14, 15});
    __builtin_memcpy(to + 8 * j, &low, sizeof(Eight));
    __builtin_memcpy(to + 8 * j + 16, &high, sizeof(Eight));
  }
}

/// Of a row's elements behind a layer, to the end of its last slab: 0 behind its width.
inline void draw_factors(Dropout const& dropout, std::uint32_t sample, std::uint32_t layer, std::uint32_t width, float* factors) {
  constexpr int fours = pack_floats;
  std::uint32_t const end = (width + slab_columns - 1) / slab_columns * slab_columns;
  std::uint32_t first = 0;
  for (; first < width; first += 4 * fours) {
    std::uint32_t words[4][fours];
    philox_lanes<fours>(dropout.keys, dropout_item(sample, layer, first / 4), dropout.step, dropout.stream, words);
    for (int i = 0; i < fours; i += 8) write_factors(dropout, {words[0] + i, words[1] + i, words[2] + i, words[3] + i}, factors + first + 4 * i);
  }
  for (; first < end; ++first) factors[first] = 0;
}

/// The activation of a row times its factors; `Parts` as of activate().
template <int Parts>
void drop_row(float const* factors, std::uint32_t row, std::uint32_t width, TraceView const& to) {
  for (std::uint32_t first = 0; first < width; first += slab_columns)
    for (std::uint32_t i = 0; i < slab_columns; i += pack_floats) {
      std::size_t const at = cell(row, first + i);
      Pack const factor = load(factors + first + i);
      store(to.value + at, load(to.value + at) * factor);
      if constexpr (Parts > 1) store(to.slope + at, load(to.slope + at) * factor);
      if constexpr (Parts > 2) store(to.bend + at, load(to.bend + at) * factor);
    }
}

/// Of a layer that has an activation.
template <int Parts>
void drop(NetView const& net, HostBatch const& batch, Dropout const& dropout, std::uint32_t layer) {
  std::uint32_t const width = net.layers[layer].place.out;
  for (std::uint32_t p = 0; p < batch.part_count; ++p) {
    Part const& part = batch.parts[p];
    for (std::uint32_t i = 0; i < part.rows; ++i) {
      // No product is in the making.
      draw_factors(dropout, part.block->samples.numbers[part.first_of_block + i], layer, width, net.partial);
      drop_row<Parts>(net.partial, part.first + i, width, net.trace[layer + 1]);
    }
  }
}

MUSTER_NETS_END
