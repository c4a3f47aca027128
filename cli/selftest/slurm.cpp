#include "cli/selftest/slurm.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <optional>

#include "core/text.hpp"

namespace muster::cli::selftest {
namespace {

/// A variable that is a number; "4(x2)" counts as 4.
std::optional<int> number(Variables const& variables, std::string const& name) {
  auto const found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  auto const value = parse_count(std::string_view(found->second).substr(0, found->second.find('(')));
  return value && *value <= 1'000'000'000 ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

/// srun's own step, with no mpirun in between, whose daemons are a step too.
bool is_srun_step(Variables const& variables) {
  return variables.contains("SLURM_STEP_NUM_TASKS") && variables.contains("SLURM_PROCID") &&
         !variables.contains("OMPI_COMM_WORLD_SIZE") && !variables.contains("HYDI_CONTROL_FD");
}

/// Empty when all fits.
std::string contradiction(Variables const& variables, Started const& started) {
  auto const tasks = number(variables, "SLURM_STEP_NUM_TASKS");
  if (tasks && is_srun_step(variables) && *tasks != started.ranks)
    return fmt::format("srun started {} tasks and MPI has {} rank{} (every task would compute the whole job alone); use "
                       "srun --mpi=pmix, or mpirun", *tasks, started.ranks, started.ranks == 1 ? "" : "s");
  if (auto const granted = number(variables, "SLURM_NTASKS"); granted && started.ranks > *granted)
    return fmt::format("{} ranks run in a job of {} tasks (they would share cores); ask for --ntasks={}", started.ranks,
                       *granted, started.ranks);
  if (auto const nodes = number(variables, "SLURM_JOB_NUM_NODES"); nodes && started.hosts > *nodes)
    return fmt::format("ranks run on {} machines and the job has {} (some run outside of it); start them inside the job",
                       started.hosts, *nodes);
  if (auto const cpus = number(variables, "SLURM_CPUS_ON_NODE"); cpus && started.threads_here > *cpus)
    return fmt::format("{} threads are planned on this node and the job has {} CPUs there (they would take others' "
                       "cores); ask for more CPUs, or use --threads", started.threads_here, *cpus);
  if (auto const gpus = number(variables, "SLURM_GPUS_ON_NODE"); gpus && started.gpus_here > *gpus)
    return fmt::format("{} GPUs are visible and the job has {} on this node (others' cards would be used); ask for more "
                       "with --gpus-per-node, or set CUDA_VISIBLE_DEVICES", started.gpus_here, *gpus);
  return "";
}

}  // namespace

Variables launcher_variables() {
  Variables variables;
  for (char const* const* entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view const text(*entry);
    auto const equals = text.find('=');
    if (equals == text.npos) continue;
    if (text.starts_with("SLURM_") || text.starts_with("OMPI_COMM_WORLD_") || text.starts_with("HYDI_"))
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Line judge_slurm(Variables const& variables, Started const& started) {
  auto const job = variables.find("SLURM_JOB_ID");
  if (job == variables.end()) return not_applicable("Slurm", "not inside a Slurm job");
  auto const figure = fmt::format("job {}", printable(job->second));
  auto const problem = contradiction(variables, started);
  if (!problem.empty()) return failed("Slurm", figure, problem);
  return passed("Slurm", figure, fmt::format("{} rank{} on {} machine{}, as Slurm says", started.ranks,
                                             started.ranks == 1 ? "" : "s", started.hosts, started.hosts == 1 ? "" : "s"));
}

}  // namespace muster::cli::selftest
