#include "topology/probe.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>

#include "core/process.hpp"
#include "topology/probe_cpu.hpp"
#include "topology/probe_gpu.hpp"

namespace muster::topology {
namespace {

constexpr std::int64_t most_granted_cpus = 1 << 20;

std::optional<int> number_from(char const* variable) {
  char const* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  int value = 0;
  // srun writes "4(x2)" for tasks per node: the number in front is this machine's where all are alike.
  auto const [end, fault] = std::from_chars(text, text + std::strlen(text), value);
  if (fault != std::errc{} || end == text || value < 0) return std::nullopt;
  return value;
}

/// The first of the variables that is set to a number.
std::optional<int> first_number(std::initializer_list<char const*> variables) {
  for (auto const* variable : variables)
    if (auto const value = number_from(variable)) return value;
  return std::nullopt;
}

std::string system_name() {
  std::ifstream in("/etc/os-release");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("PRETTY_NAME=\"") && line.ends_with('"')) return line.substr(13, line.size() - 14);
  utsname system{};
  return uname(&system) == 0 ? system.sysname : "unknown";
}

std::string variable_text(char const* variable) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? "" : text;
}

GpuGrant grant_from_environment() {
  GpuGrant grant;
  if (char const* const visible = std::getenv("CUDA_VISIBLE_DEVICES"); visible != nullptr) grant.visible = visible;
  for (char const* const variable : {"SLURM_STEP_GPUS", "SLURM_JOB_GPUS"}) {
    if (!grant.slurm.empty()) break;
    grant.slurm = variable_text(variable);
    grant.slurm_variable = grant.slurm.empty() ? "" : variable;
  }
  return grant;
}

}  // namespace

Launch launch_from_environment() {
  Launch launch;
  auto const ranks = first_number({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"});
  auto const rank = first_number({"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"});
  if (!ranks || !rank || *ranks < 1 || *rank >= *ranks) return launch;
  // An interactive Slurm shell carries SLURM_PROCID too; only srun's own steps set the step's tasks.
  launch.is_launched = true;
  launch.ranks = *ranks;
  launch.rank = *rank;
  launch.local_ranks = first_number({"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
                                     "SLURM_STEP_TASKS_PER_NODE"}).value_or(1);
  launch.local_rank = first_number({"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"}).value_or(0);
  if (launch.local_ranks < 1 || launch.local_rank >= launch.local_ranks) {
    launch.local_ranks = 1;
    launch.local_rank = 0;
  }
  return launch;
}

int granted_cpus_from_environment(Launch const& launch) {
  bool const is_of_srun = launch.is_launched && !number_from("OMPI_COMM_WORLD_SIZE") && number_from("SLURM_STEP_NUM_TASKS") == launch.ranks;
  if (!is_of_srun) return 0;
  std::int64_t granted = number_from("SLURM_CPUS_ON_NODE").value_or(0);
  auto const of_ranks = std::int64_t{number_from("SLURM_CPUS_PER_TASK").value_or(0)} * launch.local_ranks;
  if (of_ranks > 0) granted = granted > 0 ? std::min(granted, of_ranks) : of_ranks;
  return static_cast<int>(std::min(granted, most_granted_cpus));
}

Facts probe(GpuProbe gpus) {
  Facts facts;
  facts.host = host_name();
  facts.os = system_name();
  facts.launch = launch_from_environment();
  facts.cpu = probe_cpu(facts.launch.is_launched ? Affinity::ignore : Affinity::respect);
  facts.cpu.granted_cpus = granted_cpus_from_environment(facts.launch);
  facts.memory = probe_memory();
  facts.grant = grant_from_environment();
  if (gpus == GpuProbe::look)
    probe_gpus(facts);
  else
    facts.gpu_note = "not looked for";
  return facts;
}

}  // namespace muster::topology
