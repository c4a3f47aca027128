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
char const* judge_on_cuda(CudaCrossover*, DeviceHerd const&, CrossoverPart const&) { return no_cuda; }
void close_cuda_crossover(CudaCrossover*) {}

}  // namespace muster::kernels::backtest

#else

#include "kernels/backtest/cuda_crossover.hpp"
#include "kernels/backtest/cuda_groups.hpp"
#include "kernels/backtest/cuda_teams.hpp"

namespace muster::kernels::backtest {

struct CudaBacktest : CudaTables {
  bool is_single = true;
  std::uint32_t span_count = 0;
  int layout = -1;  ///< of groups; -1: teams take the rules
  GroupMarket<float> single{};
  GroupMarket<double> full{};
  DeviceMarket<float> wide_single{};
  DeviceMarket<double> wide_full{};
  Costs costs{};
  Span const* spans = nullptr;
  Rule* rules = nullptr;
  std::uint32_t* order = nullptr;
  Tally* tallies = nullptr;
};

inline constexpr std::size_t crossover_streams = 4;

/// Pieces of a batch take turns on the streams, so that transfers both ways run beside other pieces' kernels.
struct CudaCrossover : CudaTables {
  CrossoverTape tape{};
  double year_root = 1;
  cudaStream_t streams[crossover_streams] = {};
  Crossover* rules = nullptr;
  CrossoverResult* results = nullptr;
};

inline namespace MUSTER_ISA {
namespace {

template <class T>
void open_market(CudaBacktest& self, Plan const& plan, Tape<T> const& tape, GroupMarket<T>& groups, DeviceMarket<T>& wide) {
  if (self.layout >= 0)
    groups = upload_for_groups(self, tape, *plan.features, group_layouts[self.layout]);
  else
    wide = upload_for_teams(self, tape, *plan.features);
}

void open(CudaBacktest& self, Plan const& plan) {
  self.is_single = plan.precision == Precision::single;
  self.span_count = static_cast<std::uint32_t>(plan.spans.size());
  self.costs = plan.costs;
  self.layout = group_layout_for(plan.market->symbols);
  if (self.is_single)
    open_market(self, plan, plan.market->single, self.single, self.wide_single);
  else
    open_market(self, plan, plan.market->full, self.full, self.wide_full);
  self.spans = upload(self, plan.spans);
  self.rules = take<Rule>(self, self.rules_at_once);
  self.order = take<std::uint32_t>(self, self.rules_at_once);
  self.tallies = take<Tally>(self, self.rules_at_once * plan.spans.size());
}

template <class T>
void launch(CudaBacktest const& self, GroupMarket<T> const& groups, DeviceMarket<T> const& wide, std::size_t count) {
  Batch const batch{self.stream, most_shared_bytes(self.ordinal), self.costs, self.rules, self.order, count, self.spans, self.span_count, self.tallies};
  if (self.layout >= 0)
    launch(batch, groups, self.layout);
  else
    launch(batch, wide);
  check(cudaGetLastError());
}

void run_some(CudaBacktest& self, Rule const* rules, std::size_t count, Tally* out) {
  std::vector<std::uint32_t> const order = order_of(rules, count);
  check(cudaMemcpyAsync(self.rules, rules, count * sizeof(Rule), cudaMemcpyHostToDevice, self.stream));
  check(cudaMemcpyAsync(self.order, order.data(), count * sizeof(std::uint32_t), cudaMemcpyHostToDevice, self.stream));
  if (self.is_single)
    launch(self, self.single, self.wide_single, count);
  else
    launch(self, self.full, self.wide_full, count);
  check(cudaMemcpyAsync(out, self.tallies, count * self.span_count * sizeof(Tally), cudaMemcpyDeviceToHost, self.stream));
  check(cudaStreamSynchronize(self.stream));
}

void run(CudaBacktest& self, Rule const* rules, std::size_t count, Tally* out) {
  for (std::size_t begin = 0; begin < count; begin += self.rules_at_once) {
    std::size_t const some = count - begin < self.rules_at_once ? count - begin : self.rules_at_once;
    run_some(self, rules + begin, some, out + begin * self.span_count);
  }
}

void make_positions(CudaCrossover& self) {
  constexpr unsigned pairs = crossover_windows * crossover_windows;
  self.tape.words = crossover_words(self.tape.bars);
  if (self.tape.words == 0) return;
  auto* const positions = take<std::uint32_t>(self, std::size_t{pairs} * self.tape.words);
  positions_kernel<<<pairs, crossover_threads, 0, self.stream>>>(self.tape, positions);
  check(cudaGetLastError());
  check(cudaStreamSynchronize(self.stream));
  self.tape.positions = positions;
}

void open(CudaCrossover& self, CrossoverTable const& table) {
  for (cudaStream_t& stream : self.streams) check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  self.tape.bars = table.bars;
  self.tape.stride = table.stride;
  self.year_root = kernels::sqrt(table.bars_per_year);
  self.tape.averages = upload(self, table.averages);
  self.tape.growth = reinterpret_cast<float4 const*>(upload(self, table.growth));
  make_positions(self);
  self.rules = take<Crossover>(self, self.rules_at_once);
  self.results = take<CrossoverResult>(self, self.rules_at_once);
  check(cudaStreamSynchronize(self.stream));  // what it was given there may be used on other streams
}

constexpr std::size_t crossover_block_rules = crossover_threads * crossover_lanes;

/// Rules of a piece, in whole blocks.
std::size_t piece_of(std::size_t count) {
  constexpr std::size_t pieces = 16, least = 1 << 16;
  std::size_t const wanted = count / pieces < least ? least : count / pieces;
  return (wanted + crossover_block_rules - 1) / crossover_block_rules * crossover_block_rules;
}

template <class Door>
void launch(CudaCrossover const& self, cudaStream_t stream, std::size_t count, Door const& door) {
  auto const blocks = static_cast<unsigned>((count + crossover_block_rules - 1) / crossover_block_rules);
  crossover_kernel<<<blocks, crossover_threads, 0, stream>>>(self.tape, self.year_root, count, door);
  check(cudaGetLastError());
}

void start(CudaCrossover& self, cudaStream_t stream, Crossover const* rules, std::size_t at, std::size_t count) {
  check(cudaMemcpyAsync(self.rules + at, rules + at, count * sizeof(Crossover), cudaMemcpyHostToDevice, stream));
  launch(self, stream, count, PlainRules{self.rules + at, self.results + at});
}

void run_some(CudaCrossover& self, Crossover const* rules, std::size_t count, CrossoverResult* out) {
  std::size_t const piece = piece_of(count);
  auto const size_at = [&](std::size_t at) { return count - at < piece ? count - at : piece; };
  start(self, self.streams[0], rules, 0, size_at(0));
  for (std::size_t at = 0, turn = 0; at < count; at += piece, turn = (turn + 1) % crossover_streams) {
    if (at + piece < count) start(self, self.streams[(turn + 1) % crossover_streams], rules, at + piece, size_at(at + piece));
    check(cudaMemcpyAsync(out + at, self.results + at, size_at(at) * sizeof(CrossoverResult), cudaMemcpyDeviceToHost, self.streams[turn]));
  }
  for (cudaStream_t const stream : self.streams) check(cudaStreamSynchronize(stream));
}

void run(CudaCrossover& self, Crossover const* rules, std::size_t count, CrossoverResult* out) {
  for (std::size_t begin = 0; begin < count; begin += self.rules_at_once) {
    std::size_t const some = count - begin < self.rules_at_once ? count - begin : self.rules_at_once;
    run_some(self, rules + begin, some, out + begin);
  }
}

void end_streams(CudaBacktest const&) {}
void end_streams(CudaCrossover const& self) {
  for (cudaStream_t const stream : self.streams)
    if (stream != nullptr) cudaStreamDestroy(stream);
}

template <class Self>
void close(Self* self) {
  if (self == nullptr) return;
  end_streams(*self);
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
  *error = on_gpu(ordinal, [&] { open(*self, what); });
  if (*error == nullptr) return self;
  close(self);
  return nullptr;
}

template <class Self, class Rules, class Out>
char const* run_told(Self* self, Rules const* rules, std::size_t count, Out* out) {
  return on_gpu(self->ordinal, [&] { run(*self, rules, count, out); });
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
char const* judge_on_cuda(CudaCrossover* self, DeviceHerd const& herd, CrossoverPart const& part) {
  return on_gpu(self->ordinal, [&] { launch(*self, self->stream, herd.count, GenomeRules{herd.genomes, herd.fitness, herd.sums, part}); });
}
void close_cuda_crossover(CudaCrossover* self) { close(self); }

}  // namespace muster::kernels::backtest

#endif
