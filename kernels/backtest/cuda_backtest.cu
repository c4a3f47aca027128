// Backtests and crossover rules on a GPU: tables, transfers and launches.
#include "kernels/backtest/cuda_backtest.hpp"

#if !defined(__CUDACC__)

namespace muster::kernels::backtest {
namespace {
constexpr char const* no_cuda = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
}

CudaBacktest* open_cuda_backtest(Plan const&, int, void*, TableMemory const&, std::size_t, char const** error) {
  *error = no_cuda;
  return nullptr;
}
char const* run_cuda_backtest(CudaBacktest*, Rule const*, std::size_t, Tally*) { return no_cuda; }
void close_cuda_backtest(CudaBacktest*) {}
CudaCrossover* open_cuda_crossover(CrossoverTable const&, int, void*, TableMemory const&, std::size_t, char const** error) {
  *error = no_cuda;
  return nullptr;
}
char const* run_cuda_crossover(CudaCrossover*, Crossover const*, std::size_t, CrossoverResult*) { return no_cuda; }
void close_cuda_crossover(CudaCrossover*) {}

}  // namespace muster::kernels::backtest

#else

#include <cuda_runtime.h>

#include <vector>

#include "kernels/backtest/crossover_step.hpp"
#include "kernels/backtest/cuda_engine.hpp"
#include "kernels/cuda_memory.hpp"

namespace muster::kernels::backtest {

/// What is kept on a device for one market, or one crossover table.
struct CudaTables {
  int ordinal = 0;
  cudaStream_t stream = nullptr;
  TableMemory memory{};
  std::vector<void*> taken{};
  std::size_t rules_at_once = 0;
};

struct CudaBacktest : CudaTables {
  bool is_single = true;
  std::uint32_t span_count = 0;
  std::uint32_t padded = 0;
  DeviceMarket<float> single{};
  DeviceMarket<double> full{};
  Costs costs{};
  Span const* spans = nullptr;
  Rule* rules = nullptr;
  Tally* tallies = nullptr;
};

struct CudaCrossover : CudaTables {
  CrossoverTable shape{};  ///< sizes alone
  float const* averages = nullptr;
  float const* hold = nullptr;
  float const* enter = nullptr;
  float const* leave = nullptr;
  Crossover* rules = nullptr;
  CrossoverResult* results = nullptr;
};

inline namespace MUSTER_ISA {
namespace {

/// Throws the error as a C string.
void check(cudaError_t code) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // the error is told; leave none behind for the next launch
  throw code == cudaErrorMemoryAllocation ? cuda_out_of_memory : cudaGetErrorString(code);
}

template <class U>
U* take(CudaTables& self, std::size_t count) {
  void* const at = self.memory.take(self.memory.pool, count * sizeof(U));
  if (at == nullptr) throw cuda_out_of_memory;
  self.taken.push_back(at);
  return static_cast<U*>(at);
}

template <class V>
typename V::value_type const* upload(CudaTables& self, V const& values) {
  using U = typename V::value_type;
  if (values.empty()) return nullptr;
  U* const at = take<U>(self, values.size());
  check(cudaMemcpy(at, values.data(), values.size() * sizeof(U), cudaMemcpyHostToDevice));
  return at;
}

/// Events of a tape as dense arrays.
template <class T>
struct DenseEvents {
  std::vector<T> split, inverse_split, dividend;
  std::vector<std::uint8_t> has_events;

  explicit DenseEvents(Tape<T> const& tape)
      : split(tape.close.size(), T(1)), inverse_split(tape.close.size(), T(1)), dividend(tape.close.size(), T(0)),
        has_events(tape.bars) {
    for (std::uint32_t t = 0; t < tape.bars; ++t)
      for (std::uint32_t e = tape.event_begin[t]; e < tape.event_begin[t + 1]; ++e) {
        auto const& event = tape.events[e];
        std::size_t const i = std::size_t{t} * tape.padded + event.symbol;
        split[i] = event.delisted ? T(0) : event.split;
        inverse_split[i] = event.inverse_split;
        dividend[i] = event.dividend;
        has_events[t] = 1;
      }
  }
};

template <class T>
DeviceMarket<T> upload_market(CudaTables& self, Tape<T> const& tape, Features const& features) {
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

void open(CudaBacktest& self, Plan const& plan) {
  check(cudaSetDevice(self.ordinal));
  self.is_single = plan.precision == Precision::single;
  self.span_count = static_cast<std::uint32_t>(plan.spans.size());
  self.padded = plan.market->padded;
  self.costs = plan.costs;
  if (self.is_single)
    self.single = upload_market(self, plan.market->single, *plan.features);
  else
    self.full = upload_market(self, plan.market->full, *plan.features);
  self.spans = upload(self, plan.spans);
  self.rules = take<Rule>(self, self.rules_at_once);
  self.tallies = take<Tally>(self, self.rules_at_once * plan.spans.size());
}

constexpr int block_warps = 4;  ///< of teams of one warp

/// How teams are laid out: K symbols a lane, `warps` warps a team.
struct TeamShape {
  int symbols_a_lane = 1;
  int warps = 1;
};

TeamShape team_shape(std::uint32_t padded) {
  int const rows = static_cast<int>(padded / 32);
  if (rows <= 4) return {rows, 1};
  return {4, (rows + 3) / 4};
}

template <class T, int K>
__global__ void backtest_kernel(__grid_constant__ DeviceMarket<T> const market, __grid_constant__ FillCosts<T> const fills,
                                __grid_constant__ AccountCosts const costs, Rule const* rules, Span const* spans,
                                std::uint32_t span_count, std::uint64_t items, int team_warps, Tally* out) {
  alignas(TeamShared) __shared__ unsigned char storage[block_warps * sizeof(TeamShared)];
  __shared__ std::int64_t scratch[most_team_sums * most_team_warps];
  int const warp = static_cast<int>(threadIdx.x / 32);
  int const team_of_block = warp / team_warps;
  int const teams_of_block = static_cast<int>(blockDim.x / 32) / team_warps;
  Team const team{team_warps, warp % team_warps, static_cast<int>(threadIdx.x % 32), scratch};
  TeamShared& shared = reinterpret_cast<TeamShared*>(storage)[team_of_block];
  DeviceEngine<T, K> engine(market, fills, team, shared);
  std::uint64_t const stride = std::uint64_t{gridDim.x} * static_cast<std::uint64_t>(teams_of_block);
  for (std::uint64_t item = std::uint64_t{blockIdx.x} * static_cast<std::uint64_t>(teams_of_block) + static_cast<std::uint64_t>(team_of_block);
       item < items; item += stride) {
    Tally const tally = engine.run(rules[item / span_count], spans[item % span_count], costs);
    if (team.leads()) out[item] = tally;
    team.sync();
  }
}

template <class T, int K>
void launch_shape(CudaBacktest const& self, DeviceMarket<T> const& market, int warps, std::uint64_t items) {
  int const teams_of_block = warps == 1 ? block_warps : 1;
  std::uint64_t const wanted = (items + static_cast<std::uint64_t>(teams_of_block) - 1) / static_cast<std::uint64_t>(teams_of_block);
  std::uint64_t const blocks = wanted < (1u << 20) ? wanted : (1u << 20);
  backtest_kernel<T, K><<<static_cast<unsigned>(blocks), static_cast<unsigned>(32 * warps * teams_of_block), 0, self.stream>>>(
      market, fill_costs<T>(self.costs), account_costs(self.costs), self.rules, self.spans, self.span_count, items, warps,
      self.tallies);
}

template <class T>
void launch(CudaBacktest const& self, DeviceMarket<T> const& market, std::uint64_t items) {
  TeamShape const shape = team_shape(self.padded);
  switch (shape.symbols_a_lane) {
    case 1: return launch_shape<T, 1>(self, market, shape.warps, items);
    case 2: return launch_shape<T, 2>(self, market, shape.warps, items);
    case 3: return launch_shape<T, 3>(self, market, shape.warps, items);
    default: return launch_shape<T, 4>(self, market, shape.warps, items);
  }
}

void run(CudaBacktest& self, Rule const* rules, std::size_t count, Tally* out) {
  check(cudaSetDevice(self.ordinal));
  for (std::size_t begin = 0; begin < count; begin += self.rules_at_once) {
    std::size_t const some = count - begin < self.rules_at_once ? count - begin : self.rules_at_once;
    std::uint64_t const items = some * self.span_count;
    check(cudaMemcpyAsync(self.rules, rules + begin, some * sizeof(Rule), cudaMemcpyHostToDevice, self.stream));
    if (self.is_single)
      launch(self, self.single, items);
    else
      launch(self, self.full, items);
    check(cudaGetLastError());
    check(cudaMemcpyAsync(out + begin * self.span_count, self.tallies, items * sizeof(Tally), cudaMemcpyDeviceToHost, self.stream));
    check(cudaStreamSynchronize(self.stream));
  }
}

constexpr int crossover_threads = 128;
constexpr int crossover_lanes = 2;  ///< rules a thread, which share the loads of a bar's growth

/// Word of positions of this lane's rule: for each rule of the warp, its lanes compare 32 bars at once.
__device__ std::uint32_t signal_word(float const* averages, std::uint32_t stride, Crossover rule, std::uint32_t bar) {
  std::uint32_t const lane = threadIdx.x % 32;
  unsigned const windows = static_cast<unsigned>(rule.fast) << 16 | rule.slow;
  std::uint32_t word = 0;
#pragma unroll 8
  for (std::uint32_t j = 0; j < 32; ++j) {
    unsigned const of = __shfl_sync(0xffffffffu, windows, static_cast<int>(j));
    float const fast = averages[((of >> 16) - 2) * stride + bar + lane];
    float const slow = averages[((of & 0xffffu) - 2) * stride + bar + lane];
    unsigned const votes = __ballot_sync(0xffffffffu, fast > slow);
    word = j == lane ? votes : word;
  }
  std::uint32_t const warm = static_cast<std::uint32_t>(rule.fast > rule.slow ? rule.fast : rule.slow) - 1;
  if (bar >= warm) return word;
  return warm - bar >= 32 ? 0 : word >> (warm - bar) << (warm - bar);
}

struct CrossoverLane {
  Crossover rule;
  CrossoverState<float> state;
  CrossoverSums sums;
  std::uint32_t last = 0;  ///< the last signal of the block before
  std::uint32_t word = 0;
  bool before = false;
};

__global__ void __launch_bounds__(crossover_threads)
    crossover_kernel(float const* averages, float const* __restrict__ hold, float const* __restrict__ enter,
                     float const* __restrict__ leave, std::uint32_t bars, std::uint32_t stride, double year_root,
                     Crossover const* rules, std::uint64_t count, CrossoverResult* out) {
  std::uint64_t const first = (std::uint64_t{blockIdx.x} * crossover_lanes) * crossover_threads + threadIdx.x;
  CrossoverLane lanes[crossover_lanes];
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    std::uint64_t const at = first + static_cast<std::uint64_t>(l) * crossover_threads;
    lanes[l].rule = at < count ? rules[at] : Crossover{};
    lanes[l].state.under = lanes[l].state.lowest = 1;
  }
  for (std::uint32_t bar = 0; bar < bars; bar += crossover_block) {
#pragma unroll
    for (int l = 0; l < crossover_lanes; ++l) {
      CrossoverLane& lane = lanes[l];
      std::uint32_t const word = signal_word(averages, stride, lane.rule, bar);
      lane.word = word << 1 | lane.last;
      lane.last = word >> 31;
      lane.state.equity = 1;
      lane.state.sum = lane.state.squares = 0;
    }
#pragma unroll 8
    for (std::uint32_t k = 0; k < crossover_block; ++k) {
      float const held = hold[bar + k], entered = enter[bar + k], left = leave[bar + k];
#pragma unroll
      for (int l = 0; l < crossover_lanes; ++l) {
        bool const now = (lanes[l].word >> k & 1u) != 0;
        lanes[l].state.step(lanes[l].before, now, 1.0f, held, entered, left);
        lanes[l].before = now;
      }
    }
#pragma unroll
    for (int l = 0; l < crossover_lanes; ++l)
      lanes[l].sums.add(lanes[l].state.equity, lanes[l].state.sum, lanes[l].state.squares);
  }
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    std::uint64_t const at = first + static_cast<std::uint64_t>(l) * crossover_threads;
    if (at < count) out[at] = crossover_result(lanes[l].sums, lanes[l].state.lowest, bars - 1.0, year_root);
  }
}

void open(CudaCrossover& self, CrossoverTable const& table) {
  check(cudaSetDevice(self.ordinal));
  self.shape.bars = table.bars;
  self.shape.stride = table.stride;
  self.shape.bars_per_year = table.bars_per_year;
  self.averages = upload(self, table.averages);
  self.hold = upload(self, table.hold);
  self.enter = upload(self, table.enter);
  self.leave = upload(self, table.leave);
  self.rules = take<Crossover>(self, self.rules_at_once);
  self.results = take<CrossoverResult>(self, self.rules_at_once);
}

void run(CudaCrossover& self, Crossover const* rules, std::size_t count, CrossoverResult* out) {
  check(cudaSetDevice(self.ordinal));
  constexpr std::size_t block_rules = crossover_threads * crossover_lanes;
  for (std::size_t begin = 0; begin < count; begin += self.rules_at_once) {
    std::size_t const some = count - begin < self.rules_at_once ? count - begin : self.rules_at_once;
    check(cudaMemcpyAsync(self.rules, rules + begin, some * sizeof(Crossover), cudaMemcpyHostToDevice, self.stream));
    crossover_kernel<<<static_cast<unsigned>((some + block_rules - 1) / block_rules), crossover_threads, 0, self.stream>>>(
        self.averages, self.hold, self.enter, self.leave, self.shape.bars, self.shape.stride,
        kernels::sqrt(self.shape.bars_per_year), self.rules, some, self.results);
    check(cudaGetLastError());
    check(cudaMemcpyAsync(out + begin, self.results, some * sizeof(CrossoverResult), cudaMemcpyDeviceToHost, self.stream));
    check(cudaStreamSynchronize(self.stream));
  }
}

template <class Self>
void close(Self* self) {
  if (self == nullptr) return;
  for (void* at : self->taken) self->memory.give(self->memory.pool, at);
  delete self;
}

template <class Self, class What>
Self* open_new(What const& what, int ordinal, void* stream, TableMemory const& memory, std::size_t rules_at_once, char const** error) {
  auto* const self = new Self;
  self->ordinal = ordinal;
  self->stream = static_cast<cudaStream_t>(stream);
  self->memory = memory;
  self->rules_at_once = rules_at_once;
  try {
    open(*self, what);
    return self;
  } catch (char const* text) {
    *error = text;
    close(self);
    return nullptr;
  }
}

template <class Self, class Rules, class Out>
char const* run_told(Self* self, Rules const* rules, std::size_t count, Out* out) {
  try {
    run(*self, rules, count, out);
    return nullptr;
  } catch (char const* text) {
    return text;
  }
}

}  // namespace
}  // namespace MUSTER_ISA

CudaBacktest* open_cuda_backtest(Plan const& plan, int ordinal, void* stream, TableMemory const& memory,
                                 std::size_t rules_at_once, char const** error) {
  return open_new<CudaBacktest>(plan, ordinal, stream, memory, rules_at_once, error);
}
char const* run_cuda_backtest(CudaBacktest* self, Rule const* rules, std::size_t count, Tally* out) {
  return run_told(self, rules, count, out);
}
void close_cuda_backtest(CudaBacktest* self) { close(self); }

CudaCrossover* open_cuda_crossover(CrossoverTable const& table, int ordinal, void* stream, TableMemory const& memory,
                                   std::size_t rules_at_once, char const** error) {
  return open_new<CudaCrossover>(table, ordinal, stream, memory, rules_at_once, error);
}
char const* run_cuda_crossover(CudaCrossover* self, Crossover const* rules, std::size_t count, CrossoverResult* out) {
  return run_told(self, rules, count, out);
}
void close_cuda_crossover(CudaCrossover* self) { close(self); }

}  // namespace muster::kernels::backtest

#endif
