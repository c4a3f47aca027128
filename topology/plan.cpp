#include "topology/plan.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"

namespace muster::topology {
namespace {

constexpr int most_threads = 4096;

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Why the GPUs are not used, or "" when they are.
std::string reason_for_cpu(Facts const& facts, Demand const& demand) {
  if (demand.device == DeviceChoice::cpu) return "asked for with --device cpu";
  if (facts.gpus.empty()) return facts.gpu_note.empty() ? "no GPU here" : facts.gpu_note;
  if (!facts.gpus_unused.empty()) return facts.gpus_unused;
  if (!demand.has_cuda_kernels) return "this kind of job has no GPU form in this build";
  return "";
}

void check(Facts const& facts, Demand const& demand) {
  MUSTER_REQUIRE(demand.threads >= 0 && demand.threads <= most_threads,
                 "--threads {} (must be 0 to {}); leave it out to use the machine's cores", demand.threads,
                 most_threads);
  MUSTER_REQUIRE(demand.in_process_ranks >= 1 && demand.in_process_ranks <= most_threads,
                 "--ranks {} (must be 1 to {}); leave it out for one rank", demand.in_process_ranks, most_threads);
  MUSTER_REQUIRE(!facts.launch.is_launched || demand.in_process_ranks == 1,
                 "--ranks {} under a launcher that started {} ranks (ranks inside ranks are not a thing); "
                 "leave --ranks out", demand.in_process_ranks, facts.launch.ranks);
  if (demand.device != DeviceChoice::gpu) return;
  auto const why_not = reason_for_cpu(facts, demand);
  MUSTER_REQUIRE_ENV(why_not.empty(), "--device gpu, but there is none to use ({}); use --device auto or cpu",
                     why_not);
}

Mode mode_for(std::size_t gpus, Demand const& demand, std::string& reason) {
  if (gpus == 1) {
    reason = "1 GPU";
    return Mode::standalone;
  }
  reason = plural(gpus, "GPU");
  if (gpus < 8) return Mode::data_parallel;
  if (demand.has_model_parallel_form) return Mode::model_data_parallel;
  reason += ", and this kind of job has no model-parallel form";
  return Mode::data_parallel;
}

/// Contiguous shares of the GPUs, never one GPU twice; ranks beyond the GPUs compute on the CPU.
std::vector<int> share_of(std::vector<Gpu> const& gpus, int rank, int ranks) {
  std::vector<int> mine;
  auto const count = static_cast<int>(gpus.size());
  auto const sharers = std::min(ranks, count);
  if (rank >= sharers) return mine;
  for (int i = rank * count / sharers; i < (rank + 1) * count / sharers; ++i)
    mine.push_back(gpus[static_cast<std::size_t>(i)].ordinal);
  return mine;
}

Tier least_tier(std::vector<Gpu> const& gpus) {
  auto least = Tier::high;
  for (auto const& gpu : gpus) least = std::min(least, tier_of(nominal_memory_gb(gpu.memory_bytes)));
  return least;
}

std::string why_threads(Cpu const& cpu, Demand const& demand, int ranks) {
  if (demand.threads > 0) return "asked for with --threads";
  auto reason = plural(static_cast<std::size_t>(cpu.usable_cores), "usable physical core");
  if (cpu.quota_cpus > 0) reason += fmt::format(", a quota of {:.2f} CPUs", cpu.quota_cpus);
  if (ranks > 1) reason += fmt::format(", shared by {} ranks", ranks);
  return reason;
}

std::string list_of(std::vector<int> const& ordinals) {
  std::string text;
  for (int const ordinal : ordinals) text += fmt::format("{}{}", text.empty() ? "GPU " : ", ", ordinal);
  return text;
}

void place_ranks(Facts const& facts, Demand const& demand, std::vector<Gpu> const& gpus, Plan& plan) {
  auto const& launch = facts.launch;
  int const ranks = launch.is_launched ? launch.local_ranks : demand.in_process_ranks;
  for (int rank = 0; rank < ranks; ++rank) {
    Placement placement{rank, share_of(gpus, rank, ranks),
                        demand.threads > 0 ? demand.threads : threads_per_rank(facts.cpu, ranks)};
    if (!gpus.empty())
      plan.decisions.push_back({fmt::format("rank {}", rank),
                                placement.gpus.empty() ? "CPU" : list_of(placement.gpus),
                                placement.gpus.empty() ? "more ranks than GPUs" : "GPUs shared evenly, none twice"});
    plan.ranks.push_back(std::move(placement));
  }
}

}  // namespace

std::string to_string(Mode mode) {
  switch (mode) {
    case Mode::cpu: return "CPU";
    case Mode::standalone: return "standalone";
    case Mode::data_parallel: return "data parallel";
    case Mode::model_data_parallel: return "model and data parallel";
  }
  return "CPU";
}

int threads_per_rank(Cpu const& cpu, int local_ranks) {
  int cores = std::max(1, cpu.usable_cores);
  // Part of a CPU cannot carry a thread of its own: rounded down, but never to none.
  if (cpu.quota_cpus > 0 && cpu.quota_cpus < cores) cores = std::max(1, static_cast<int>(cpu.quota_cpus));
  return std::max(1, cores / std::max(1, local_ranks));
}

Plan make_plan(Facts const& facts, Demand const& demand) {
  check(facts, demand);
  Plan plan;
  auto const why_cpu = reason_for_cpu(facts, demand);
  auto const gpus = why_cpu.empty() ? facts.gpus : std::vector<Gpu>{};
  std::string reason = why_cpu;
  plan.mode = gpus.empty() ? Mode::cpu : mode_for(gpus.size(), demand, reason);
  plan.decisions.push_back({"mode", to_string(plan.mode), reason});
  plan.tier = gpus.empty() ? Tier::mid : least_tier(gpus);
  plan.decisions.push_back({"tier", std::string(to_string(plan.tier)),
                            gpus.empty() ? "the CPU's" : "nominal memory of the least card"});
  place_ranks(facts, demand, gpus, plan);
  auto const ranks = static_cast<int>(plan.ranks.size());
  plan.decisions.push_back({"threads a rank", std::to_string(plan.ranks.front().threads),
                            why_threads(facts.cpu, demand, ranks)});
  return plan;
}

}  // namespace muster::topology
