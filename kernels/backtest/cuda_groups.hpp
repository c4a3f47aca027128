// Rules on markets that groups of lanes take: tables in their layout, and launches. Included by cuda_backtest.cu alone.
#pragma once

#include "kernels/backtest/cuda_group_engine.hpp"
#include "kernels/backtest/cuda_tables.hpp"
#include "kernels/backtest/group_market.hpp"

MUSTER_BACKTEST_BEGIN

/// Rows of all symbols on their way into a layout.
struct Rows {
  GroupLayout layout{};
  std::uint32_t symbols = 0;
  std::uint32_t padded = 0;
  std::uint64_t bars = 0;
  __host__ __device__ std::uint64_t row() const { return layout.row(); }
};

template <class U>
__global__ void arrange_kernel(U const* from, Rows rows, U pad, U* to) {
  std::uint64_t const cells = rows.bars * rows.row(), stride = std::uint64_t{gridDim.x} * blockDim.x;
  for (std::uint64_t i = std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < cells; i += stride) {
    std::uint32_t const symbol = rows.layout.symbol_at(static_cast<std::uint32_t>(i % rows.row()));
    to[i] = symbol < rows.symbols ? from[i / rows.row() * rows.padded + symbol] : pad;
  }
}

/// Uploads rows of all symbols and arranges them as groups read them.
class Arranger {
 public:
  Arranger(CudaTables& self, Rows rows, std::size_t real)
      : self_(self), rows_(rows), stage_(take<unsigned char>(self, rows.bars * rows.padded * real)) {}

  template <class U>
  void table(U const* from, U pad, U* to) {
    std::uint64_t const cells = rows_.bars * rows_.row();
    check(cudaMemcpyAsync(stage_, from, rows_.bars * rows_.padded * sizeof(U), cudaMemcpyHostToDevice, self_.stream));
    std::uint64_t const blocks = (cells + 255) / 256;
    arrange_kernel<U><<<static_cast<unsigned>(blocks < 65536 ? blocks : 65536), 256, 0, self_.stream>>>(
        reinterpret_cast<U const*>(stage_), rows_, pad, to);
    check(cudaGetLastError());
  }

  template <class V>
  typename V::value_type const* prices(V const& values, typename V::value_type pad) {
    auto* const to = take<typename V::value_type>(self_, rows_.bars * rows_.row());
    table(values.data(), pad, to);
    return to;
  }

  std::int16_t const* cells(Features const& features) {
    std::size_t const size = rows_.bars * rows_.row();
    auto* const to = take<std::int16_t>(self_, features.tables() * size);
    for (std::size_t i = 0; i < features.tables(); ++i) table(features.table(i).data(), std::int16_t{0}, to + i * size);
    return to;
  }

 private:
  CudaTables& self_;
  Rows rows_;
  unsigned char* stage_;
};

template <class T>
GroupMarket<T> upload_for_groups(CudaTables& self, Tape<T> const& tape, Features const& features, GroupLayout layout) {
  DenseEvents<T> const events(tape);
  Rows const rows{layout, tape.symbols, tape.padded, tape.bars};
  Arranger arranger(self, rows, sizeof(T));
  GroupMarket<T> out;
  out.windows = static_cast<std::uint32_t>(features.windows.size());
  out.table_size = rows.bars * rows.row();
  out.open = arranger.prices(opening_marks(tape), T(1));
  out.high = arranger.prices(tape.high, T(0));
  out.low = arranger.prices(tape.low, tape.no_low);
  out.close = arranger.prices(tape.close, T(1));
  out.split = arranger.prices(events.split, T(1));
  out.inverse_split = arranger.prices(events.inverse_split, T(1));
  out.dividend = arranger.prices(events.dividend, T(0));
  out.volatility_scale = arranger.prices(volatility_scales<T>(features), T(0));
  out.flags = upload(self, flags_of(tape, layout));
  out.cells = arranger.cells(features);
  check(cudaStreamSynchronize(self.stream));
  return out;
}

inline constexpr int group_warps = 4;  ///< of a block, where a device has the memory

/// Blocks that share a multiprocessor's memory, at most 5: more would leave too few registers.
template <class T, class Shape>
constexpr int group_blocks() {
  constexpr std::size_t fit = 228 * 1024 / (group_warps * sizeof(GroupShared<T, Shape>) + 1024);
  return fit < 5 ? static_cast<int>(fit) : 5;
}

template <class T, class Shape>
__global__ void __launch_bounds__(32 * group_warps, (group_blocks<T, Shape>()))
    group_kernel(__grid_constant__ GroupMarket<T> const market, __grid_constant__ FillCosts<T> const fills,
                 __grid_constant__ AccountCosts const costs, Rule const* rules, std::uint32_t const* order, Span const* spans,
                 std::uint32_t span_count, std::uint64_t count, std::uint64_t blocks_a_span, Tally* out) {
  extern __shared__ double storage[];
  int const warp = static_cast<int>(threadIdx.x / 32), lane = static_cast<int>(threadIdx.x % 32);
  auto& shared = reinterpret_cast<GroupShared<T, Shape>*>(storage)[warp];
  std::uint64_t const first = (blockIdx.x % blocks_a_span * (blockDim.x / 32) + warp) * Shape::groups + lane / Shape::lanes;
  std::uint64_t const span = blockIdx.x / blocks_a_span;
  std::uint32_t const rule = order[first < count ? first : count - 1];
  GroupEngine<T, Shape> engine(market, fills, shared, lane);
  Tally const tally = engine.run(rules[rule], spans[span], costs);
  if (engine.leads() && first < count) out[rule * std::uint64_t{span_count} + span] = tally;
}

template <class T, class Shape>
void launch_shape(Batch const& batch, GroupMarket<T> const& market) {
  constexpr std::size_t warp_bytes = sizeof(GroupShared<T, Shape>);
  auto const fit = static_cast<unsigned>(batch.shared_bytes / warp_bytes);
  unsigned const warps = fit < group_warps ? fit : group_warps;
  std::uint64_t const rules = std::uint64_t{Shape::groups} * warps, blocks = (batch.count + rules - 1) / rules;
  auto* const kernel = group_kernel<T, Shape>;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(warps * warp_bytes)));
  kernel<<<static_cast<unsigned>(blocks * batch.span_count), 32 * warps, warps * warp_bytes, batch.stream>>>(
      market, fill_costs<T>(batch.costs), account_costs(batch.costs), batch.rules, batch.order, batch.spans, batch.span_count,
      batch.count, blocks, batch.tallies);
}

template <class T, int I = 0>
void launch(Batch const& batch, GroupMarket<T> const& market, int layout) {
  if constexpr (I < group_layout_count) {
    constexpr GroupLayout mine = group_layouts[I];
    if (layout == I) return launch_shape<T, GroupShape<mine.slots, mine.lanes>>(batch, market);
    launch<T, I + 1>(batch, market, layout);
  }
}

MUSTER_BACKTEST_END
