#include "topology/plan_mode.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "core/error.hpp"
#include "topology/grouping.hpp"
#include "topology/links.hpp"

namespace muster::topology {
namespace {

/// As --mode and job files spell it.
std::string_view word_for(Mode mode) { return mode_words.at(static_cast<std::size_t>(mode)); }

/// The mode that was asked for as it was written: `--mode cpu`, `mode = "cpu"`.
std::string asked_mode(Demand const& demand) {
  auto const word = word_for(*demand.mode);
  return demand.mode_source == ModeSource::command_line ? fmt::format("--mode {}", word) : fmt::format("mode = \"{}\"", word);
}
/// How to ask for another.
std::string written_as(Demand const& demand, Mode mode) {
  auto other = demand;
  other.mode = mode;
  return asked_mode(other);
}
std::string_view mode_key(Demand const& demand) {
  return demand.mode_source == ModeSource::command_line ? "--mode" : "mode";
}

std::string why_asked(Demand const& demand) {
  if (demand.mode_source == ModeSource::job_file) return fmt::format("asked for in the job file: {}", asked_mode(demand));
  if (!demand.mode_overruled || demand.mode_overruled == demand.mode) return "asked for with --mode";
  return fmt::format("asked for with --mode, over the job file's mode = \"{}\"", word_for(*demand.mode_overruled));
}

std::string why_no_gpu(Cluster const& cluster) {
  for (auto const& node : cluster.nodes)
    if (!node.machine.gpu_note.empty()) return node.machine.gpu_note;
  return "no GPU here";
}

/// Why the GPUs are not used, or "" when they are.
std::string reason_for_cpu(Cluster const& cluster, Demand const& demand) {
  if (demand.device == DeviceChoice::cpu) return "asked for with --device cpu";
  if (demand.mode == Mode::cpu) return demand.mode_overruled ? why_asked(demand) : "asked for with " + asked_mode(demand);
  bool const has_gpus =
      std::any_of(cluster.nodes.begin(), cluster.nodes.end(), [](auto const& node) { return !node.machine.gpus.empty(); });
  if (!has_gpus) return why_no_gpu(cluster);
  for (auto const& node : cluster.nodes)
    if (!node.machine.gpus_unused.empty()) return node.machine.gpus_unused;
  return demand.has_cuda_kernels ? "" : "this kind of job has no GPU form in this build";
}

void keep_first(Facts& machine, std::size_t count) {
  std::vector<int> places(std::min(count, machine.gpus.size()));
  std::iota(places.begin(), places.end(), 0);
  keep_gpus(machine, places);
}

std::size_t processes_on(Facts const& machine) {
  return machine.launch.is_launched ? static_cast<std::size_t>(machine.launch.local_ranks) : 1;
}

bool is_cut(Facts const& machine) {
  return std::any_of(machine.gpus.begin(), machine.gpus.end(), [](auto const& gpu) { return gpu.mig == Mig::slice; });
}

/// A process can open one MIG slice, so on a machine with several processes' worth the rest is left out.
void leave_out_slices(Usable& usable) {
  for (auto& node : usable.cluster.nodes) {
    auto const processes = processes_on(node.machine);
    // Machines that are only planned for have a rank for each slice; ranks that see different slices have theirs.
    bool const is_counted = is_one_machine(usable.cluster) || node.machine.launch.is_launched;
    if (!is_cut(node.machine) || !is_counted || node.machine.gpus.size() <= processes) continue;
    usable.left_out = fmt::format("{} of {} MIG slices used: a process can use one; start a rank for each with mpirun",
                                  processes, node.machine.gpus.size());
    keep_first(node.machine, processes);
  }
}

/// One GPU of the first machine that has any.
void leave_one(Usable& usable, Demand const& demand) {
  bool is_found = false;
  for (auto& node : usable.cluster.nodes) {
    keep_first(node.machine, is_found || node.machine.gpus.empty() ? 0 : 1);
    is_found = is_found || !node.machine.gpus.empty();
  }
  usable.left_out = fmt::format("1 of {} used: {}", plural(usable.gpus, "GPU"), asked_mode(demand));
  usable.gpus = 1;
}

/// The kind of card that together is rated highest; of equals the first.
std::string best_kind(Cluster const& cluster) {
  std::map<std::string, double> rated;
  std::string best;
  for (auto const& node : cluster.nodes)
    for (auto const& gpu : node.machine.gpus) {
      auto& sum = rated[gpu.name] += profile_of(gpu).rated * node.count;
      if (best.empty() || sum > rated[best]) best = gpu.name;
    }
  return best;
}

/// For a job that has the same bits on one kind of device only.
void leave_other_kinds(Usable& usable) {
  auto const kind = best_kind(usable.cluster);
  std::int64_t all = 0, kept = 0;
  for (auto& node : usable.cluster.nodes) {
    std::vector<int> places;
    for (std::size_t i = 0; i < node.machine.gpus.size(); ++i)
      if (node.machine.gpus[i].name == kind) places.push_back(static_cast<int>(i));
    all += static_cast<std::int64_t>(node.machine.gpus.size()) * node.count;
    kept += static_cast<std::int64_t>(places.size()) * node.count;
    keep_gpus(node.machine, places);
  }
  if (kept < all)
    usable.left_out = fmt::format("{} of {} used, those named {}: this kind of job has the same bits on one kind of device "
                                  "only", kept, plural(all, "GPU"), kind);
}

int count_gpus(Cluster const& cluster) {
  std::int64_t all = 0;
  for (auto const& node : cluster.nodes) all += static_cast<std::int64_t>(node.machine.gpus.size()) * node.count;
  return static_cast<int>(std::min<std::int64_t>(all, 1 << 30));
}

/// The largest size in which the GPUs of every machine that has any divide into fast groups; 1 for none.
int common_group_size(Cluster const& cluster) {
  std::size_t most = 0;
  for (auto const& node : cluster.nodes) most = std::max(most, node.machine.gpus.size());
  for (int size = static_cast<int>(most); size >= 2; --size)
    if (std::all_of(cluster.nodes.begin(), cluster.nodes.end(), [size](auto const& node) {
          return node.machine.gpus.empty() || !fast_groups(node.machine, size).empty();
        }))
      return size;
  return 1;
}

std::string why_no_common_groups(Cluster const& cluster) {
  for (auto const& node : cluster.nodes) {
    auto const why = node.machine.gpus.empty() ? "" : why_no_groups(node.machine);
    if (why.empty()) continue;
    return is_one_machine(cluster) || node.machine.host.empty() ? why : fmt::format("{}: {}", node.machine.host, why);
  }
  return "no one group size fits all machines";
}

std::string describe_groups(Usable const& usable, int size) {
  return fmt::format("{}: model parallel inside groups of {} joined by NVLink, data parallel across {}",
                     plural(usable.gpus, "GPU"), size, plural(usable.gpus / size, "group"));
}

/// Eight and more, or a network that needs several: in groups where the job has such a form and the links allow it.
ModeChoice choose_large(Usable const& usable, Demand const& demand) {
  if (!demand.has_model_parallel_form)
    return {Mode::data_parallel, plural(usable.gpus, "GPU") + ", and this kind of job has no model-parallel form", 1};
  if (demand.network == NetworkSize::fits_one_gpu)
    return {Mode::data_parallel,
            plural(usable.gpus, "GPU") + ", each of which has room for the whole network: sharing it would add an exchange for every layer", 1};
  auto const size = common_group_size(usable.cluster);
  if (size > 1) return {Mode::model_data_parallel, describe_groups(usable, size), size};
  return {Mode::data_parallel,
          fmt::format("{} without a fast group: {}", plural(usable.gpus, "GPU"), why_no_common_groups(usable.cluster)), 1};
}

ModeChoice choose_asked(Usable const& usable, Demand const& demand) {
  auto const mode = *demand.mode;
  auto const reason = why_asked(demand);
  if (mode == Mode::standalone) return {mode, reason, 1};
  MUSTER_REQUIRE(usable.gpus >= 2, "{} with {}{} (it needs 2 or more); leave {} out", asked_mode(demand),
                 plural(usable.gpus, "GPU"), usable.left_out.empty() ? "" : ": " + usable.left_out, mode_key(demand));
  if (mode == Mode::data_parallel) return {mode, reason, 1};
  MUSTER_REQUIRE(demand.has_model_parallel_form,
                 "{}, but this kind of job has no model-parallel form; use {}", asked_mode(demand),
                 written_as(demand, Mode::data_parallel));
  auto const size = common_group_size(usable.cluster);
  MUSTER_REQUIRE(size > 1, "{}, but there is no fast group ({}); use {}", asked_mode(demand),
                 why_no_common_groups(usable.cluster), written_as(demand, Mode::data_parallel));
  return {mode, fmt::format("{}; {}", reason, describe_groups(usable, size)), size};
}

void check_asked_mode(Usable const& usable, Cluster const& cluster, Demand const& demand) {
  if (!demand.mode || demand.mode == Mode::cpu) return;
  MUSTER_REQUIRE_ENV(usable.why_cpu.empty(), "{}, but there is no GPU to use ({}); use {}", asked_mode(demand),
                     usable.why_cpu, written_as(demand, Mode::cpu));
  if (demand.mode != Mode::standalone) return;
  bool const has_ranks = demand.in_process_ranks > 1 || !is_one_machine(cluster) ||
                         cluster.nodes.front().machine.launch.ranks > 1;
  MUSTER_REQUIRE(!has_ranks, "{} with several ranks or machines (it is one GPU); leave {} out", asked_mode(demand),
                 mode_key(demand));
}

bool is_alike(Gpu const& a, Gpu const& b) {
  return std::tie(a.name, a.memory_bytes, a.multiprocessors, a.capability_major, a.capability_minor, a.numa, a.mig,
                  a.ordinal) == std::tie(b.name, b.memory_bytes, b.multiprocessors, b.capability_major,
                                         b.capability_minor, b.numa, b.mig, b.ordinal);
}

bool is_alike(Facts const& a, Facts const& b) {
  return a.cpu.usable_cores == b.cpu.usable_cores && a.cpu.quota_cpus == b.cpu.quota_cpus && a.cpu.granted_cpus == b.cpu.granted_cpus &&
         a.links == b.links &&
         a.seen_by == b.seen_by && a.gpus_unused == b.gpus_unused &&
         std::equal(a.cpu.numa.begin(), a.cpu.numa.end(), b.cpu.numa.begin(), b.cpu.numa.end(),
                    [](NumaNode const& x, NumaNode const& y) { return x.id == y.id && x.usable == y.usable; }) &&
         a.launch.is_launched == b.launch.is_launched && a.launch.local_ranks == b.launch.local_ranks &&
         std::equal(a.gpus.begin(), a.gpus.end(), b.gpus.begin(), b.gpus.end(),
                    [](Gpu const& x, Gpu const& y) { return is_alike(x, y); });
}

}  // namespace

void keep_gpus(Facts& machine, std::vector<int> const& places) {
  std::vector<Gpu> gpus;
  std::vector<Link> links;
  for (int const a : places) {
    gpus.push_back(machine.gpus[static_cast<std::size_t>(a)]);
    for (int const b : places)
      if (!machine.links.empty())
        links.push_back(link_between(machine, static_cast<std::size_t>(a), static_cast<std::size_t>(b)));
  }
  for (auto& seen : machine.seen_by) {
    std::vector<int> kept;
    for (int const place : seen)
      if (auto const at = std::find(places.begin(), places.end(), place); at != places.end())
        kept.push_back(static_cast<int>(at - places.begin()));
    seen = std::move(kept);
  }
  machine.gpus = std::move(gpus);
  machine.links = std::move(links);
}

Cluster with_alike_counted(Cluster const& cluster) {
  Cluster counted{{}, cluster.assumed};
  for (auto const& node : cluster.nodes)
    if (!counted.nodes.empty() && is_alike(counted.nodes.back().machine, node.machine))
      counted.nodes.back().count += node.count;
    else
      counted.nodes.push_back(node);
  return counted;
}

std::string plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Usable usable_gpus(Cluster const& cluster, Demand const& demand) {
  MUSTER_REQUIRE(demand.device != DeviceChoice::gpu || demand.mode != Mode::cpu,
                 "--device gpu and {} contradict each other; leave one out", asked_mode(demand));
  MUSTER_REQUIRE(demand.device != DeviceChoice::cpu || !demand.mode || demand.mode == Mode::cpu,
                 "--device cpu and {} contradict each other; leave one out", asked_mode(demand));
  Usable usable;
  usable.cluster = cluster;
  usable.why_cpu = reason_for_cpu(cluster, demand);
  MUSTER_REQUIRE_ENV(demand.device != DeviceChoice::gpu || usable.why_cpu.empty(),
                     "--device gpu, but there is none to use ({}); use --device auto or cpu", usable.why_cpu);
  check_asked_mode(usable, cluster, demand);
  if (!usable.why_cpu.empty()) {
    for (auto& node : usable.cluster.nodes) keep_first(node.machine, 0);
    return usable;
  }
  leave_out_slices(usable);
  if (demand.mixing == Mixing::one_kind) leave_other_kinds(usable);
  usable.gpus = count_gpus(usable.cluster);
  if (demand.mode == Mode::standalone && usable.gpus > 1) leave_one(usable, demand);
  return usable;
}

ModeChoice choose_mode(Usable const& usable, Demand const& demand) {
  if (!usable.why_cpu.empty()) return {Mode::cpu, usable.why_cpu, 1};
  if (demand.mode) return choose_asked(usable, demand);
  if (usable.gpus == 1) return {Mode::standalone, "1 GPU", 1};
  if (usable.gpus < 8 && demand.network != NetworkSize::needs_several) return {Mode::data_parallel, plural(usable.gpus, "GPU"), 1};
  return choose_large(usable, demand);
}

}  // namespace muster::topology
