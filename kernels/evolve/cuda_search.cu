// A search on a GPU: memory, transfers, and the order of launches.
#include "kernels/evolve/cuda_search.hpp"

#if !defined(__CUDACC__)

namespace muster::kernels {
namespace {
constexpr char const* no_cuda = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
}

CudaSearch* open_cuda_search(SearchSettings const&, int, void*, TableMemory const&, char const** error) {
  *error = no_cuda;
  return nullptr;
}
char const* load_on_cuda(CudaSearch*, Population const&) { return no_cuda; }
char const* propose_on_cuda(CudaSearch*) { return no_cuda; }
char const* read_candidates_on_cuda(CudaSearch*, double*) { return no_cuda; }
char const* read_fitness_on_cuda(CudaSearch*, std::int64_t*) { return no_cuda; }
char const* write_fitness_on_cuda(CudaSearch*, std::int64_t const*) { return no_cuda; }
char const* finish_on_cuda(CudaSearch*, HerdQuestion const&, HerdAnswer&) { return no_cuda; }
char const* describe_on_cuda(CudaSearch*, GenerationStats&) { return no_cuda; }
char const* read_population_on_cuda(CudaSearch*, Population&) { return no_cuda; }
char const* wait_on_cuda(CudaSearch*) { return no_cuda; }
DeviceHerd herd_on_cuda(CudaSearch*) { return {}; }
void close_cuda_search(CudaSearch*) {}

}  // namespace muster::kernels

#else

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/cuda_check.hpp"
#include "kernels/evolve/cuda_search_kernels.hpp"
#include "kernels/evolve/device_layout.hpp"
#include "kernels/evolve/migration.hpp"
#include "kernels/evolve/plan.hpp"

namespace muster::kernels {

/// Memory of the device and its like on the host, of which one is copied to the other whole.
struct Exchange {
  void* device = nullptr;
  char* host = nullptr;
  std::size_t bytes = 0;
};

struct CudaSearch {
  explicit CudaSearch(SearchSettings const& s) : settings(s), plan(settings) {}

  SearchSettings settings;
  SearchPlan plan;
  int ordinal = 0;
  cudaStream_t stream = nullptr;
  TableMemory memory{};
  std::vector<void*> taken{};

  std::uint64_t generation = 0;
  std::uint32_t blocks = 1;  ///< that are resident at once
  SearchView view{};         ///< as the device sees it
  MUSTER_ISA::DevicePeople population{}, candidates{}, leaving{};
  double* sums = nullptr;
  std::int32_t* levels = nullptr;           // of islands
  std::uint64_t* chances = nullptr;         // of islands
  std::uint64_t const* chance_of_level = nullptr;
  std::uint32_t* stayers = nullptr;
  std::uint8_t* stays = nullptr;
  std::uint32_t* drawn = nullptr;           // migrants of all islands
  std::uint32_t const* arrival_rows = nullptr;
  std::uint32_t const* first_arrival = nullptr;  // of each island, and behind the last
  std::uint32_t wide = 0;                   // genes with a width
  bool migrates = false;
  MUSTER_ISA::CrewMemory* crews = nullptr;  // of islands, and behind them that of all blocks together
  MUSTER_ISA::StatisticsMemory statistics{};
  MUSTER_ISA::DeviceFinalists finalists{};
  Exchange asked, told, described;

  // A generation is described beside the next one's judging, and what is told of it is read beside its selection.
  cudaStream_t describing = nullptr, telling = nullptr;
  cudaEvent_t is_judged = nullptr, is_told = nullptr, is_selected = nullptr, is_described = nullptr;

  std::uint64_t slots() const { return settings.slots(); }
  std::size_t genes() const { return settings.genes.size(); }
  bool is_jde() const { return settings.algorithm == Algorithm::jde; }
};

inline namespace MUSTER_ISA {
namespace {

constexpr std::uint64_t block_share = 4096;    ///< of what a crew ranks: for less, one more block costs time
constexpr std::uint32_t quiet_blocks = 16;     ///< describe a generation beside judging, which is to keep most of the device

unsigned plain_blocks(std::uint64_t count) { return static_cast<unsigned>((count + plain_threads - 1) / plain_threads); }

// ---- Memory ----

template <class T>
T* take(CudaSearch& self, std::size_t count) {
  void* const at = self.memory.take(self.memory.pool, std::max<std::size_t>(count, 1) * sizeof(T));
  if (at == nullptr) throw cuda_out_of_memory;
  self.taken.push_back(at);
  return static_cast<T*>(at);
}

template <class T>
T* upload(CudaSearch& self, std::vector<T> const& values) {
  T* const at = take<T>(self, values.size());
  check(cudaMemcpy(at, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  return at;
}

DevicePeople take_people(CudaSearch& self, std::uint64_t count, bool has_controls) {
  DevicePeople people{take<double>(self, count * self.genes()), take<std::int64_t>(self, count)};
  if (has_controls) people.scale = take<double>(self, count), people.cross = take<double>(self, count);
  return people;
}

void make_room(CudaSearch& self, Exchange& exchange, std::size_t bytes) {
  if (bytes <= exchange.bytes) return;
  give_pinned(exchange.host);
  exchange.host = static_cast<char*>(take_pinned(2 * bytes));
  if (exchange.host == nullptr) throw cuda_out_of_memory;
  exchange.device = take<char>(self, 2 * bytes);
  exchange.bytes = 2 * bytes;
}

/// The fewest that any kernel of crews may have.
std::uint32_t resident_blocks(int ordinal) {
  int multiprocessors = 0, each = crew_blocks;
  check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, ordinal));
  auto const fit = [&](auto* kernel) {
    int blocks = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, crew_threads, 0));
    each = std::min(each, blocks);
  };
  fit(keep_kernel), fit(copy_best_kernel), fit(follow_success_kernel), fit(follow_spread_kernel), fit(describe_kernel);
  return std::min(static_cast<std::uint32_t>(each * multiprocessors), most_crew_blocks);
}

void prepare_migration(CudaSearch& self) {
  auto const edges = migration_edges(self.settings);
  auto const each = self.settings.migrants;
  self.migrates = !edges.empty() && each > 0 && self.settings.migration_every > 0;
  if (!self.migrates) return;
  std::vector<std::uint32_t> rows, firsts(self.settings.islands + 1, 0);
  for (Edge const edge : edges) {
    for (std::uint32_t i = 0; i < each; ++i) rows.push_back(edge.from * each + i);
    firsts[edge.to + 1] += each;
  }
  for (std::uint32_t i = 0; i < self.settings.islands; ++i) firsts[i + 1] += firsts[i];
  self.arrival_rows = upload(self, rows);
  self.first_arrival = upload(self, firsts);
  self.drawn = take<std::uint32_t>(self, std::uint64_t{self.settings.islands} * each);
}

void point_view(CudaSearch& self) {
  self.view = self.plan.view;
  self.view.ranges = upload(self, self.plan.ranges);
  self.view.genomes = self.population.genomes;
  self.view.fitness = self.population.fitness;
  self.view.scale = self.population.scale;
  self.view.cross = self.population.cross;
  self.view.first_island = 0;
  self.view.mutation_chance = self.chances;
  for (GeneRange const& range : self.plan.ranges) self.wide += range.width > 0 ? 1 : 0;
}

void open(CudaSearch& self) {
  std::uint64_t const slots = self.slots(), islands = self.settings.islands;
  self.blocks = resident_blocks(self.ordinal);
  self.population = take_people(self, slots, self.is_jde());
  self.candidates = take_people(self, slots, false);
  self.leaving = take_people(self, leaving_of(self.settings), self.is_jde());
  self.sums = take<double>(self, slots);
  self.levels = take<std::int32_t>(self, islands);
  self.chances = take<std::uint64_t>(self, islands);
  self.stayers = take<std::uint32_t>(self, slots);
  self.stays = take<std::uint8_t>(self, slots + std::max(slots, arrivals_of(self.settings)));
  std::vector<std::uint64_t> of_level;
  for (std::int32_t level = -most_rate_level; level <= most_rate_level; ++level) of_level.push_back(mutation_chance(self.settings, level));
  self.chance_of_level = upload(self, of_level);
  self.crews = take<CrewMemory>(self, self.blocks + 1);
  check(cudaMemset(self.crews, 0, (self.blocks + 1) * sizeof(CrewMemory)));
  self.statistics = {take<Leader>(self, self.blocks * crew_threads / 32), take<double>(self, slots / mean_group * 2 + 8)};
  self.finalists = {nullptr, take<std::uint64_t>(self, most_finalists), take<std::int64_t>(self, most_finalists),
                    take<double>(self, most_finalists * self.genes()), most_finalists};
  make_room(self, self.described, sizeof(DeviceStats));
  prepare_migration(self);
  point_view(self);
  for (cudaStream_t* stream : {&self.describing, &self.telling}) check(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking));
  for (cudaEvent_t* event : {&self.is_judged, &self.is_told, &self.is_selected, &self.is_described}) check(cudaEventCreateWithFlags(event, cudaEventDisableTiming));
  check(cudaStreamSynchronize(self.stream));  // what it was given there is used on the others too
}

// ---- A generation ----

template <class... Parameters, class... Arguments>
void launch_resident(cudaStream_t stream, void (*kernel)(Parameters...), std::uint32_t blocks, Arguments... arguments) {
  void* all[] = {&arguments...};
  check(cudaLaunchCooperativeKernel(reinterpret_cast<void const*>(kernel), dim3(blocks), dim3(crew_threads), all, 0, stream));
}

/// Blocks for so many things to be ranked.
std::uint32_t blocks_worth(std::uint64_t count) { return static_cast<std::uint32_t>((count + block_share - 1) / block_share); }

Islands islands_of(CudaSearch const& self) {
  std::uint32_t const islands = self.settings.islands;
  std::uint32_t const each = std::min(std::max(self.blocks / islands, 1u), blocks_worth(2 * std::uint64_t{self.settings.island_size}));
  return {islands, self.settings.island_size, self.view.genes, each, self.crews, self.population};
}
std::uint32_t blocks_for(CudaSearch const& self, Islands const& islands) { return std::min(self.settings.islands, self.blocks) * islands.each; }

template <class T>
void to_device(CudaSearch const& self, T* at, std::vector<T> const& from) {
  check(cudaMemcpyAsync(at, from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice, self.stream));
}
template <class T>
void to_host(CudaSearch const& self, T* to, T const* from, std::uint64_t count) {
  check(cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyDeviceToHost, self.stream));
}

void wait(CudaSearch const& self) { check(cudaStreamSynchronize(self.stream)); }

void load(CudaSearch& self, Population const& from) {
  self.generation = from.generation;
  check(cudaStreamWaitEvent(self.stream, self.is_described));
  std::vector<std::uint64_t> chances;
  for (std::int32_t const level : from.rate) chances.push_back(mutation_chance(self.settings, level));
  to_device(self, self.population.genomes, from.genomes);
  to_device(self, self.population.fitness, from.fitness);
  if (self.is_jde()) to_device(self, self.population.scale, from.scale), to_device(self, self.population.cross, from.cross);
  to_device(self, self.levels, from.rate);
  to_device(self, self.chances, chances);
  wait(self);
}

void propose(CudaSearch& self) {
  self.view.generation = self.generation + 1;
  propose_kernel<<<plain_blocks(self.slots()), plain_threads, 0, self.stream>>>(self.view, self.slots(), self.candidates.genomes);
  check(cudaGetLastError());
}

void keep(CudaSearch& self, Arrivals const& arrivals) {
  auto const islands = islands_of(self);
  launch_resident(self.stream, keep_kernel, blocks_for(self, islands), islands, arrivals, self.stayers, self.stays);
}

void copy_bests(CudaSearch& self, std::uint32_t count) {
  auto const islands = islands_of(self);
  launch_resident(self.stream, copy_best_kernel, blocks_for(self, islands), islands, count, self.leaving);
}

/// The children take the islands, and then the elites the places of the worst of them that they beat.
void keep_elites(CudaSearch& self) {
  std::uint32_t const elites = self.settings.elites;
  if (elites > 0) copy_bests(self, elites);
  auto const copy = [&](auto* to, auto const* from, std::uint64_t count) {
    check(cudaMemcpyAsync(to, from, count * sizeof(*to), cudaMemcpyDeviceToDevice, self.stream));
  };
  copy(self.population.genomes, self.candidates.genomes, self.slots() * self.genes());
  copy(self.population.fitness, self.candidates.fitness, self.slots());
  if (elites > 0) keep(self, {self.leaving, elites, nullptr, nullptr});
}

void select_genetic(CudaSearch& self) {
  auto const islands = islands_of(self);
  Rates const rates{self.levels, self.chances, self.chance_of_level};
  std::int64_t const* const fitness = self.candidates.fitness;
  if (self.settings.adaptation == Adaptation::success)
    launch_resident(self.stream, follow_success_kernel, blocks_for(self, islands), islands, fitness, rates);
  if (self.settings.replacement == Replacement::plus)
    keep(self, {self.candidates, self.settings.island_size, nullptr, nullptr});
  else
    keep_elites(self);
  if (self.settings.adaptation == Adaptation::diversity)
    launch_resident(self.stream, follow_spread_kernel, blocks_for(self, islands), islands, self.view.ranges, self.wide, rates);
}

void select(CudaSearch& self) {
  self.view.generation = self.generation + 1;
  if (!self.is_jde()) return select_genetic(self);
  replace_kernel<<<plain_blocks(self.slots()), plain_threads, 0, self.stream>>>(self.view, self.slots(), self.candidates, self.population);
  check(cudaGetLastError());
}

void migrate(CudaSearch& self) {
  std::uint32_t const each = self.settings.migrants;
  if (self.settings.migrant_choice == MigrantChoice::best) {
    copy_bests(self, each);
  } else {
    to_device(self, self.drawn, drawn_migrants(self.settings, self.generation));
    auto const blocks = plain_blocks(std::uint64_t{self.settings.islands} * each);
    copy_drawn_kernel<<<blocks, plain_threads, 0, self.stream>>>(islands_of(self), each, self.drawn, self.leaving);
    check(cudaGetLastError());
  }
  keep(self, {self.leaving, each, self.arrival_rows, self.first_arrival});
}

/// Numbers and genomes beside each other in an exchange, in the order they are put.
class Packing {
 public:
  explicit Packing(Exchange const& exchange) : exchange_(exchange) {}
  template <class T>
  T* put(std::span<T const> values) {
    T* const at = reinterpret_cast<T*>(static_cast<char*>(exchange_.device) + bytes_);
    if (!values.empty()) std::memcpy(exchange_.host + bytes_, values.data(), values.size_bytes());
    bytes_ += values.size_bytes();
    return at;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  Exchange const& exchange_;
  std::size_t bytes_ = 0;
};

struct Asked {
  DeviceHall hall;
  std::uint64_t const* slots;
};

Asked ask(CudaSearch& self, HerdQuestion const& question) {
  make_room(self, self.asked, (question.hall.size() * (1 + self.genes()) + question.slots.size()) * sizeof(double) + 8);
  std::vector<std::int64_t> fitness;
  std::vector<double> genomes;
  for (KnownGenome const& known : question.hall) {
    fitness.push_back(known.fitness);
    genomes.insert(genomes.end(), known.genome.begin(), known.genome.end());
  }
  Packing packing(self.asked);
  Asked asked{};
  asked.hall.fitness = packing.put(std::span<std::int64_t const>(fitness));
  asked.hall.genomes = packing.put(std::span<double const>(genomes));
  asked.hall.count = static_cast<std::uint32_t>(fitness.size());
  asked.hall.is_full = question.is_hall_full && asked.hall.count > 0;
  asked.slots = packing.put(question.slots);
  check(cudaMemcpyAsync(self.asked.device, self.asked.host, packing.bytes(), cudaMemcpyHostToDevice, self.telling));
  return asked;
}

/// Where answers lie in `told`.
struct Told {
  std::size_t tiles, finalists, genomes, bytes;
};
Told told_of(CudaSearch const& self, std::uint64_t tiles, std::size_t slots) {
  std::size_t const finalists = tiles * sizeof(HerdSums), genomes = finalists + sizeof(unsigned long long);
  return {0, finalists, genomes, genomes + slots * self.genes() * sizeof(double)};
}

void read_finalists(CudaSearch& self, unsigned long long count, HerdAnswer& answer) {
  answer.are_all_finalists = count <= most_finalists;
  if (!answer.are_all_finalists || count == 0) return;
  std::vector<std::uint64_t> slots(count);
  std::vector<std::int64_t> fitness(count);
  std::vector<double> genomes(count * self.genes());
  auto const read = [&](auto& to, auto const* from) {
    check(cudaMemcpyAsync(to.data(), from, to.size() * sizeof(*from), cudaMemcpyDeviceToHost, self.telling));
  };
  read(slots, self.finalists.slots), read(fitness, self.finalists.fitness), read(genomes, self.finalists.genomes);
  check(cudaStreamSynchronize(self.telling));
  for (std::size_t i = 0; i < count; ++i) {
    auto const genome = std::span(genomes).subspan(i * self.genes(), self.genes());
    answer.finalists.push_back({slots[i], fitness[i], {genome.begin(), genome.end()}});
  }
  std::ranges::sort(answer.finalists, {}, &Finalist::slot);
}

GenerationStats named(CudaSearch const& self, DeviceStats const& from) {
  GenerationStats stats;
  stats.feasible = self.slots();
  for (int reason = 0; reason < infeasible_reasons; ++reason) {
    stats.infeasible[reason] = from.infeasible[reason];
    stats.feasible -= from.infeasible[reason];
  }
  stats.champion = from.champion;
  stats.best = stats.median = stats.mean = stats.worst = fitness_value(infeasible(Infeasible::unknown));
  stats.diversity = static_cast<double>(spread_millionths(from.deviation, self.wide, self.slots())) * 1e-6;
  if (stats.feasible == 0) return stats;
  stats.best = fitness_value(from.best);
  stats.median = fitness_value(from.median);
  stats.mean = from.mean;
  stats.worst = fitness_value(from.worst);
  return stats;
}

GenerationView view_of(CudaSearch const& self, DevicePeople const& people) {
  return {self.view.ranges, self.view.genes, self.slots(), people.genomes, people.fitness};
}

/// Behind the selection, beside what follows it.
void start_describing(CudaSearch& self) {
  check(cudaStreamWaitEvent(self.describing, self.is_selected));
  auto* const stats = static_cast<DeviceStats*>(self.described.device);
  launch_resident(self.describing, describe_kernel, std::min({self.blocks, quiet_blocks, blocks_worth(self.slots())}), view_of(self, self.population),
                  self.crews + self.blocks, self.statistics, stats);
  check(cudaMemcpyAsync(self.described.host, stats, sizeof(DeviceStats), cudaMemcpyDeviceToHost, self.describing));
  check(cudaEventRecord(self.is_described, self.describing));
}

HerdAnswer finish(CudaSearch& self, HerdQuestion const& question) {
  std::uint64_t const slots = self.slots(), tiles = (slots + question.tile_slots - 1) / question.tile_slots;
  Told const told = told_of(self, tiles, question.slots.size());
  make_room(self, self.told, told.bytes);
  auto* const device = static_cast<char*>(self.told.device);
  auto* const sums = reinterpret_cast<HerdSums*>(device + told.tiles);
  self.finalists.count = reinterpret_cast<unsigned long long*>(device + told.finalists);
  Asked const asked = ask(self, question);
  check(cudaEventRecord(self.is_judged, self.stream));
  check(cudaStreamWaitEvent(self.telling, self.is_judged));
  check(cudaMemsetAsync(self.finalists.count, 0, sizeof(unsigned long long), self.telling));
  tell_kernel<<<static_cast<unsigned>(tiles), crew_threads, 0, self.telling>>>(view_of(self, self.candidates), question.tile_slots, asked.hall,
                                                                              self.finalists, sums);
  if (!question.slots.empty())
    gather_kernel<<<static_cast<unsigned>(question.slots.size()), 32, 0, self.telling>>>(self.candidates.genomes, self.view.genes, asked.slots,
                                                                                       reinterpret_cast<double*>(device + told.genomes));
  check(cudaGetLastError());
  check(cudaMemcpyAsync(self.told.host, device, told.bytes, cudaMemcpyDeviceToHost, self.telling));
  check(cudaEventRecord(self.is_told, self.telling));
  check(cudaStreamWaitEvent(self.stream, self.is_described));
  select(self);
  ++self.generation;
  if (self.migrates && self.generation % self.settings.migration_every == 0) migrate(self);
  check(cudaEventRecord(self.is_selected, self.stream));
  start_describing(self);

  check(cudaEventSynchronize(self.is_told));
  HerdAnswer answer;
  auto const* const host_tiles = reinterpret_cast<HerdSums const*>(self.told.host + told.tiles);
  answer.tiles.assign(host_tiles, host_tiles + tiles);
  auto const* const genomes = reinterpret_cast<double const*>(self.told.host + told.genomes);
  for (std::size_t i = 0; i < question.slots.size(); ++i) answer.genomes.emplace_back(genomes + i * self.genes(), genomes + (i + 1) * self.genes());
  read_finalists(self, *reinterpret_cast<unsigned long long const*>(self.told.host + told.finalists), answer);
  return answer;
}

void read(CudaSearch& self, Population& to) {
  to.generation = self.generation;
  to.genomes.resize(self.slots() * self.genes());
  to.fitness.resize(self.slots());
  to.scale.resize(self.is_jde() ? self.slots() : 0);
  to.cross.resize(to.scale.size());
  to.rate.resize(self.settings.islands);
  to_host(self, to.genomes.data(), self.population.genomes, to.genomes.size());
  to_host(self, to.fitness.data(), self.population.fitness, to.fitness.size());
  to_host(self, to.scale.data(), self.population.scale, to.scale.size());
  to_host(self, to.cross.data(), self.population.cross, to.cross.size());
  to_host(self, to.rate.data(), self.levels, to.rate.size());
  wait(self);
}

}  // namespace
}  // namespace MUSTER_ISA

CudaSearch* open_cuda_search(SearchSettings const& settings, int ordinal, void* stream, TableMemory const& memory, char const** error) {
  auto* const self = new CudaSearch(settings);
  self->ordinal = ordinal;
  self->stream = static_cast<cudaStream_t>(stream);
  self->memory = memory;
  *error = on_gpu(ordinal, [&] { open(*self); });
  if (*error == nullptr) return self;
  close_cuda_search(self);
  return nullptr;
}
void close_cuda_search(CudaSearch* self) {
  if (self == nullptr) return;
  for (cudaStream_t const stream : {self->describing, self->telling})
    if (stream != nullptr) cudaStreamSynchronize(stream), cudaStreamDestroy(stream);
  for (cudaEvent_t const event : {self->is_judged, self->is_told, self->is_selected, self->is_described})
    if (event != nullptr) cudaEventDestroy(event);
  for (Exchange const* exchange : {&self->asked, &self->told, &self->described}) give_pinned(exchange->host);
  for (void* at : self->taken) self->memory.give(self->memory.pool, at);
  delete self;
}
char const* load_on_cuda(CudaSearch* self, Population const& population) {
  return on_gpu(self->ordinal, [&] { load(*self, population); });
}
char const* propose_on_cuda(CudaSearch* self) {
  return on_gpu(self->ordinal, [&] { propose(*self); });
}
char const* read_candidates_on_cuda(CudaSearch* self, double* genomes) {
  return on_gpu(self->ordinal, [&] { to_host(*self, genomes, self->candidates.genomes, self->slots() * self->genes()), wait(*self); });
}
char const* read_fitness_on_cuda(CudaSearch* self, std::int64_t* fitness) {
  return on_gpu(self->ordinal, [&] { to_host(*self, fitness, self->candidates.fitness, self->slots()), wait(*self); });
}
char const* write_fitness_on_cuda(CudaSearch* self, std::int64_t const* fitness) {
  return on_gpu(self->ordinal, [&] {
    check(cudaMemcpyAsync(self->candidates.fitness, fitness, self->slots() * sizeof(*fitness), cudaMemcpyHostToDevice, self->stream));
    wait(*self);
  });
}
char const* finish_on_cuda(CudaSearch* self, HerdQuestion const& question, HerdAnswer& answer) {
  return on_gpu(self->ordinal, [&] { answer = finish(*self, question); });
}
char const* describe_on_cuda(CudaSearch* self, GenerationStats& stats) {
  return on_gpu(self->ordinal, [&] {
    check(cudaEventSynchronize(self->is_described));
    stats = named(*self, *reinterpret_cast<DeviceStats const*>(self->described.host));
  });
}
char const* read_population_on_cuda(CudaSearch* self, Population& population) {
  return on_gpu(self->ordinal, [&] { read(*self, population); });
}
char const* wait_on_cuda(CudaSearch* self) {
  return on_gpu(self->ordinal, [&] { wait(*self); });
}
DeviceHerd herd_on_cuda(CudaSearch* self) { return {self->candidates.genomes, self->candidates.fitness, self->sums, self->slots()}; }

}  // namespace muster::kernels

#endif
