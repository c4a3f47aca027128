#include "topology/cost.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/plan_mode.hpp"

namespace muster::topology {
namespace {

/// Of the reference GPU, in the table of cards.
constexpr double reference_rating = 320;
/// A process until its job is read, and a CUDA context with its first launch (docs/performance.md).
constexpr double process_start_s = 0.05;
constexpr double context_s = 0.11;
/// A result's file: created, filled, checked and renamed, with two waits for the disk.
constexpr double result_file_s = 0.05;
/// What a process takes before it has a job, and the sets of sums it holds besides two for each lease.
constexpr std::uint64_t process_bytes = 48ULL << 20;
constexpr std::uint64_t sets_of_a_process = 6;
/// Leases held by each compute thread, each with its sums.
constexpr std::uint64_t sets_of_a_thread = 4;

/// Cards made for graphics have a thirty-second or less of a data centre card's double-precision units.
double double_penalty(Gpu const& gpu) {
  bool const is_full = gpu.capability_minor == 0 && gpu.capability_major >= 6 && gpu.capability_major <= 10;
  return is_full || gpu.capability_major == 0 ? 1 : 32;
}

DeviceTime gpu_time(Gpu const& gpu, Cost const& cost, TileTimes const& timed) {
  if (!cost.has_gpu_form)
    return {gpu.name, 1, timed.cpu.tile_s > 0 ? timed.cpu.tile_s : cost.tile_core_s, "on its host's CPU: no GPU form"};
  auto const known = std::find_if(timed.gpus.begin(), timed.gpus.end(), [&](auto const& one) { return one.first == gpu.name; });
  if (known != timed.gpus.end()) return {gpu.name, 1, known->second.tile_s, "timed here"};
  auto const profile = profile_of(gpu);
  double const factor = reference_rating / std::max(profile.rated, 1e-3);
  double const in_double = cost.double_share * double_penalty(gpu);
  return {gpu.name, 1, cost.tile_gpu_s * factor * (1 - cost.double_share + in_double),
          fmt::format("by the card's rating, {}x", profile.rated)};
}

/// CPU threads of a machine, of which more than there are cores take turns.
DeviceTime thread_time(NodePlan const& node, int threads, Cost const& cost, TileTimes const& timed) {
  auto const& cpu = node.machine.cpu;
  if (timed.cpu.tile_s > 0 && timed.cpu_model == cpu.model) {
    double const crowd = std::max(1.0, double(threads) / std::max(timed.cpu_threads, std::max(1, cpu.usable_cores)));
    return {"CPU thread", threads, timed.cpu.tile_s * crowd, "timed here"};
  }
  double cores = std::max(1, cpu.usable_cores);
  if (cpu.quota_cpus > 0) cores = std::min(cores, cpu.quota_cpus);
  if (cpu.granted_cpus > 0) cores = std::min(cores, static_cast<double>(cpu.granted_cpus));
  return {"CPU thread", threads, cost.tile_core_s * std::max(1.0, threads / cores), "as a core of the reference CPU"};
}

void add(std::vector<DeviceTime>& devices, DeviceTime more) {
  if (more.count == 0) return;
  auto const known = std::find_if(devices.begin(), devices.end(), [&](auto const& one) {
    return one.device == more.device && one.tile_s == more.tile_s;
  });
  if (known == devices.end())
    devices.push_back(std::move(more));
  else
    known->count += more.count;
}

void add_node(std::vector<DeviceTime>& devices, NodePlan const& node, Cost const& cost, TileTimes const& timed) {
  int threads = 0;
  for (auto const& rank : node.ranks) {
    if (rank.gpus.empty()) threads += rank.threads;
    for (int const ordinal : rank.gpus) {
      auto const& gpus = node.machine.gpus;
      auto const gpu = std::find_if(gpus.begin(), gpus.end(), [&](auto const& one) { return one.ordinal == ordinal; });
      if (gpu == gpus.end()) continue;
      auto time = gpu_time(*gpu, cost, timed);
      time.count = node.count;
      add(devices, std::move(time));
    }
  }
  auto time = thread_time(node, threads, cost, timed);
  time.count *= node.count;
  add(devices, std::move(time));
}

std::size_t most_gpus_of_a_rank(Plan const& plan) {
  std::size_t most = 0;
  for (auto const& node : plan.nodes)
    for (auto const& rank : node.ranks) most = std::max(most, rank.gpus.size());
  return most;
}

double start_of(Plan const& plan, TileTimes const& timed) {
  double context = context_s;
  for (auto const& [name, time] : timed.gpus) context = std::max(context, time.start_s);
  return process_start_s + context * static_cast<double>(most_gpus_of_a_rank(plan));
}

double tiles_done(std::vector<DeviceTime> const& devices, double seconds) {
  double tiles = 0;
  // A tile that ends within rounding of the moment has ended.
  for (auto const& device : devices)
    tiles += static_cast<double>(device.count) * std::floor(seconds / device.tile_s * (1 + 1e-12));
  return tiles;
}

}  // namespace

double time_of_tiles(std::vector<DeviceTime> const& devices, std::uint64_t tiles) {
  double rate = 0, slowest = 0;
  for (auto const& device : devices) {
    if (!(device.tile_s > 0)) return 0;
    rate += static_cast<double>(device.count) / device.tile_s;
    slowest = std::max(slowest, device.tile_s);
  }
  if (rate == 0 || tiles == 0) return 0;
  double early = 0;
  double late = static_cast<double>(tiles) / rate + slowest;
  for (int halvings = 0; halvings < 60; ++halvings) {
    double const middle = (early + late) / 2;
    (tiles_done(devices, middle) < static_cast<double>(tiles) ? early : late) = middle;
  }
  return late;
}

Expected expected_time(Plan const& plan, Cost const& cost, TileTimes const& timed) {
  Expected expected;
  for (auto const& node : plan.nodes) add_node(expected.devices, node, cost, timed);
  expected.start_s = start_of(plan, timed);
  double const pace = timed.cpu.tile_s > 0 && cost.tile_core_s > 0 ? timed.cpu.tile_s / cost.tile_core_s : 1;
  expected.end_s = cost.end_core_s * pace + result_file_s;
  // Every stage is waited for to its end.
  std::uint64_t done = 0;
  double tiles_s = 0;
  for (auto const stage : cost.stages) {
    tiles_s += time_of_tiles(expected.devices, stage - done);
    if (done == 0) expected.least_s = expected.start_s + tiles_s + expected.end_s;
    done = stage;
  }
  expected.most_s = expected.start_s + tiles_s + expected.end_s;
  return expected;
}

std::uint64_t host_bytes(Cost const& cost, int threads) {
  auto const count = static_cast<std::uint64_t>(threads);
  return process_bytes + cost.job_bytes + sets_of_a_process * cost.sums_bytes +
         count * (cost.thread_bytes + sets_of_a_thread * cost.sums_bytes);
}

namespace {

int consumers_of(Placement const& rank) { return rank.gpus.empty() ? rank.threads : static_cast<int>(rank.gpus.size()); }

}  // namespace

std::uint64_t host_bytes(NodePlan const& node, Cost const& cost) {
  std::uint64_t bytes = 0;
  for (auto const& rank : node.ranks) bytes += host_bytes(cost, consumers_of(rank));
  return bytes;
}

namespace {

std::uint64_t memory_of(Memory const& memory) {
  return memory.limit_bytes > 0 && (memory.total_bytes == 0 || memory.limit_bytes < memory.total_bytes) ? memory.limit_bytes
                                                                                                        : memory.total_bytes;
}

/// The most threads for each of a machine's ranks with which they fit; 0 where not even one does.
int threads_that_fit(NodePlan const& node, Cost const& cost, std::uint64_t available) {
  auto const ranks = node.ranks.size();
  int threads = 0;
  for (int more = 1; more < node.ranks.front().threads; ++more) {
    if (ranks * host_bytes(cost, more) > available) break;
    threads = more;
  }
  return threads;
}

std::string nearest_change(NodePlan const& node, Cost const& cost, std::uint64_t available) {
  bool const on_cpu = std::all_of(node.ranks.begin(), node.ranks.end(), [](auto const& rank) { return rank.gpus.empty(); });
  auto const threads = on_cpu ? threads_that_fit(node, cost, available) : 0;
  if (threads > 0) return fmt::format("use --threads {}", threads);
  if (node.ranks.size() > 1 && host_bytes(cost, consumers_of(node.ranks.front())) <= available)
    return "use fewer ranks a machine";
  if (available <= process_bytes)
    return fmt::format("use a machine with {}", human_bytes(host_bytes(cost, 1)));
  // What is left grows with the book: so many times less of it would fit.
  double const one = static_cast<double>(host_bytes(cost, 1) - process_bytes);
  auto const room = static_cast<double>(available - process_bytes);
  return fmt::format("split the job into {:.0f}, by instruments or outputs, or use a machine with {}",
                     std::max(2.0, std::ceil(one / room)), human_bytes(host_bytes(cost, 1)));
}

/// What a job may take of a machine: its memory, or what --memory leaves to its processes. 0 = not known.
std::uint64_t allowed(Plan const& plan, NodePlan const& node) {
  auto const all = memory_of(node.machine.memory);
  if (plan.memory_wish_bytes == 0) return all;
  auto const processes = node.machine.launch.is_launched ? node.ranks.size() : 1;
  auto const wish = plan.memory_wish_bytes * processes;
  return all == 0 ? wish : std::min(all, wish);
}

}  // namespace

void check_memory(Plan const& plan, Cost const& cost) {
  for (auto const& node : plan.nodes) {
    auto const available = allowed(plan, node);
    auto const needed = host_bytes(node, cost);
    if (available == 0 || needed <= available) continue;
    throw_error(Exit::user, "the job needs {} of memory on {}, which has {}{} ({} with {} each for the job and {} for a set of "
                "sums); {}", human_bytes(needed), node.machine.host.empty() ? "a machine" : node.machine.host,
                human_bytes(available), plan.memory_wish_bytes > 0 ? " for it" : "", plural(static_cast<std::int64_t>(node.ranks.size()), "process"),
                human_bytes(cost.job_bytes), human_bytes(cost.sums_bytes), nearest_change(node, cost, available));
  }
}

}  // namespace muster::topology
