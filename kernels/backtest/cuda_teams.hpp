// Rules on markets too wide for groups: a block a rule. Included by cuda_backtest.cu alone.
#pragma once

#include "kernels/backtest/cuda_tables.hpp"
#include "kernels/backtest/cuda_team_engine.hpp"
#include "kernels/backtest/group_market.hpp"

MUSTER_BACKTEST_BEGIN

template <class T>
DeviceMarket<T> upload_for_teams(CudaTables& self, Tape<T> const& tape, Features const& features) {
  DenseEvents<T> const events(tape);
  DeviceMarket<T> out;
  out.padded = tape.padded;
  out.windows = static_cast<std::uint32_t>(features.windows.size());
  out.table_size = features.table_size();
  out.open = upload(self, tape.open);
  out.high = upload(self, tape.high);
  out.low = upload(self, tape.low);
  out.close = upload(self, tape.close);
  out.split = upload(self, events.split);
  out.inverse_split = upload(self, events.inverse_split);
  out.dividend = upload(self, events.dividend);
  out.has_events = upload(self, events.has_events);
  out.cells = upload(self, features.cells);
  out.volatility_scale = upload(self, features.volatility_scale);
  return out;
}

inline constexpr int team_slots = 4;  ///< symbols a lane

template <class T>
__global__ void team_kernel(__grid_constant__ DeviceMarket<T> const market, __grid_constant__ FillCosts<T> const fills,
                            __grid_constant__ AccountCosts const costs, Rule const* rules, Span const* spans,
                            std::uint32_t span_count, std::uint64_t items, Tally* out) {
  alignas(TeamShared) __shared__ unsigned char storage[sizeof(TeamShared)];
  __shared__ std::int64_t scratch[most_team_sums * most_team_warps];
  Team const team{static_cast<int>(blockDim.x / 32), static_cast<int>(threadIdx.x / 32), static_cast<int>(threadIdx.x % 32), scratch};
  DeviceEngine<T, team_slots> engine(market, fills, team, reinterpret_cast<TeamShared&>(storage));
  for (std::uint64_t item = blockIdx.x; item < items; item += gridDim.x) {
    Tally const tally = engine.run(rules[item / span_count], spans[item % span_count], costs);
    if (team.leads()) out[item] = tally;
    team.sync();
  }
}

template <class T>
void launch(Batch const& batch, DeviceMarket<T> const& market) {
  std::uint64_t const items = batch.count * batch.span_count;
  std::uint64_t const blocks = items < (1u << 20) ? items : (1u << 20);
  std::uint32_t const warps = (market.padded + 32 * team_slots - 1) / (32 * team_slots);
  team_kernel<T><<<static_cast<unsigned>(blocks), 32 * warps, 0, batch.stream>>>(
      market, fill_costs<T>(batch.costs), account_costs(batch.costs), batch.rules, batch.spans, batch.span_count, items, batch.tallies);
}

MUSTER_BACKTEST_END
