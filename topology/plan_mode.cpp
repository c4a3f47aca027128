#include "topology/plan_mode.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "core/error.hpp"
#include "topology/grouping.hpp"
#include "topology/links.hpp"

namespace muster::topology {
namespace {

/// As --mode spells it.
std::string_view word_for(Mode mode) {
  switch (mode) {
    case Mode::cpu: return "cpu";
    case Mode::standalone: return "standalone";
    case Mode::data_parallel: return "data";
    case Mode::model_data_parallel: return "model+data";
  }
  return "cpu";
}

std::string why_no_gpu(Cluster const& cluster) {
  for (auto const& node : cluster.nodes)
    if (!node.machine.gpu_note.empty()) return node.machine.gpu_note;
  return "no GPU here";
}

/// Why the GPUs are not used, or "" when they are.
std::string reason_for_cpu(Cluster const& cluster, Demand const& demand) {
  if (demand.device == DeviceChoice::cpu) return "asked for with --device cpu";
  if (demand.mode == Mode::cpu) return "asked for with --mode cpu";
  bool const has_gpus =
      std::any_of(cluster.nodes.begin(), cluster.nodes.end(), [](auto const& node) { return !node.machine.gpus.empty(); });
  if (!has_gpus) return why_no_gpu(cluster);
  for (auto const& node : cluster.nodes)
    if (!node.machine.gpus_unused.empty()) return node.machine.gpus_unused;
  return demand.has_cuda_kernels ? "" : "this kind of job has no GPU form in this build";
}

/// Keeps the first `count` GPUs of a machine and the links between them.
void keep_gpus(Facts& machine, std::size_t count) {
  std::vector<Link> links;
  if (!machine.links.empty())
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b) links.push_back(link_between(machine, a, b));
  machine.gpus.resize(count);
  machine.links = std::move(links);
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
    if (!is_cut(node.machine) || !is_one_machine(usable.cluster) || node.machine.gpus.size() <= processes) continue;
    usable.left_out = fmt::format("{} of {} MIG slices used: a process can use one; start a rank for each with mpirun",
                                  processes, node.machine.gpus.size());
    keep_gpus(node.machine, processes);
  }
}

/// One GPU of the first machine that has any.
void leave_one(Usable& usable) {
  bool is_found = false;
  for (auto& node : usable.cluster.nodes) {
    keep_gpus(node.machine, is_found || node.machine.gpus.empty() ? 0 : 1);
    is_found = is_found || !node.machine.gpus.empty();
  }
  usable.left_out = fmt::format("1 of {} used: --mode standalone", plural(usable.gpus, "GPU"));
  usable.gpus = 1;
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

/// Eight and more: in groups where the job has such a form and the links allow it.
ModeChoice choose_large(Usable const& usable, Demand const& demand) {
  if (!demand.has_model_parallel_form)
    return {Mode::data_parallel, plural(usable.gpus, "GPU") + ", and this kind of job has no model-parallel form", 1};
  auto const size = common_group_size(usable.cluster);
  if (size > 1) return {Mode::model_data_parallel, describe_groups(usable, size), size};
  return {Mode::data_parallel,
          fmt::format("{} without a fast group: {}", plural(usable.gpus, "GPU"), why_no_common_groups(usable.cluster)), 1};
}

ModeChoice choose_asked(Usable const& usable, Demand const& demand) {
  auto const mode = *demand.mode;
  std::string const reason = "asked for with --mode";
  if (mode == Mode::standalone) return {mode, reason, 1};
  MUSTER_REQUIRE(usable.gpus >= 2, "--mode {} with {} (it needs 2 or more); leave --mode out",
                 word_for(mode), plural(usable.gpus, "GPU"));
  if (mode == Mode::data_parallel) return {mode, reason, 1};
  MUSTER_REQUIRE(demand.has_model_parallel_form,
                 "--mode model+data, but this kind of job has no model-parallel form; use --mode data");
  auto const size = common_group_size(usable.cluster);
  MUSTER_REQUIRE(size > 1, "--mode model+data, but there is no fast group ({}); use --mode data",
                 why_no_common_groups(usable.cluster));
  return {mode, fmt::format("{}; {}", reason, describe_groups(usable, size)), size};
}

void check_asked_mode(Usable const& usable, Cluster const& cluster, Demand const& demand) {
  if (!demand.mode || demand.mode == Mode::cpu) return;
  MUSTER_REQUIRE_ENV(usable.why_cpu.empty(), "--mode {}, but there is no GPU to use ({}); use --mode cpu",
                     word_for(*demand.mode), usable.why_cpu);
  if (demand.mode != Mode::standalone) return;
  bool const has_ranks = demand.in_process_ranks > 1 || !is_one_machine(cluster) ||
                         cluster.nodes.front().machine.launch.ranks > 1;
  MUSTER_REQUIRE(!has_ranks, "--mode standalone with several ranks or machines (it is one GPU); leave --mode out");
}

bool is_alike(Gpu const& a, Gpu const& b) {
  return std::tie(a.name, a.memory_bytes, a.multiprocessors, a.capability_major, a.capability_minor, a.numa, a.mig,
                  a.ordinal) == std::tie(b.name, b.memory_bytes, b.multiprocessors, b.capability_major,
                                         b.capability_minor, b.numa, b.mig, b.ordinal);
}

bool is_alike(Facts const& a, Facts const& b) {
  return a.cpu.usable_cores == b.cpu.usable_cores && a.cpu.quota_cpus == b.cpu.quota_cpus && a.links == b.links &&
         a.launch.is_launched == b.launch.is_launched && a.launch.local_ranks == b.launch.local_ranks &&
         std::equal(a.gpus.begin(), a.gpus.end(), b.gpus.begin(), b.gpus.end(),
                    [](Gpu const& x, Gpu const& y) { return is_alike(x, y); });
}

}  // namespace

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
                 "--device gpu and --mode cpu contradict each other; leave one out");
  MUSTER_REQUIRE(demand.device != DeviceChoice::cpu || !demand.mode || demand.mode == Mode::cpu,
                 "--device cpu and --mode contradict each other; leave one out");
  Usable usable;
  usable.cluster = cluster;
  usable.why_cpu = reason_for_cpu(cluster, demand);
  MUSTER_REQUIRE_ENV(demand.device != DeviceChoice::gpu || usable.why_cpu.empty(),
                     "--device gpu, but there is none to use ({}); use --device auto or cpu", usable.why_cpu);
  check_asked_mode(usable, cluster, demand);
  if (!usable.why_cpu.empty()) {
    for (auto& node : usable.cluster.nodes) keep_gpus(node.machine, 0);
    return usable;
  }
  for (auto const& node : cluster.nodes)
    MUSTER_REQUIRE(!demand.needs_collective || !is_cut(node.machine) || processes_on(node.machine) == 1,
                   "{} on MIG slices, and the job reduces among its ranks (slices cannot reach each other); use one "
                   "rank, or switch MIG off", plural(node.machine.launch.local_ranks, "rank"));
  leave_out_slices(usable);
  usable.gpus = count_gpus(usable.cluster);
  if (demand.mode == Mode::standalone && usable.gpus > 1) leave_one(usable);
  return usable;
}

ModeChoice choose_mode(Usable const& usable, Demand const& demand) {
  if (!usable.why_cpu.empty()) return {Mode::cpu, usable.why_cpu, 1};
  if (demand.mode) return choose_asked(usable, demand);
  if (usable.gpus == 1) return {Mode::standalone, "1 GPU", 1};
  if (usable.gpus < 8) return {Mode::data_parallel, plural(usable.gpus, "GPU"), 1};
  return choose_large(usable, demand);
}

}  // namespace muster::topology
