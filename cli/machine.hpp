// This machine, what the plan makes of it, and what this process computes with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/value.hpp"
#include "topology/facts.hpp"
#include "topology/gather.hpp"
#include "topology/plan.hpp"
#include "worker/worker.hpp"

namespace muster::cli {

struct Machine {
  topology::Facts facts;      ///< of this process
  topology::Cluster cluster;  ///< of all ranks
  topology::Plan plan;
  worker::Consumption consumption;  ///< of this process's (first) rank
  std::vector<worker::Consumption> other_consumptions;  ///< of ranks 1, 2, ..., in this process or others
  std::string devices;      ///< one line for people: "2 CPU threads (AMD EPYC, v4) on node7"
  std::string all_devices;  ///< the same of all ranks
};

/// The facts; GPUs are not looked for where the CPU is asked for.
topology::Facts probe_machine(MachineArguments const& arguments);
/// Probes and plans for this process alone, whoever started it. Throws Error for a wish that cannot be met
/// (--device gpu without a GPU).
Machine prepare_machine(MachineArguments const& arguments, topology::Mixing mixing = topology::Mixing::allowed);
/// The same for one of the ranks that a launcher started on this machine, as far as it can tell by itself.
Machine prepare_local_rank();
/// What a plan for gathered ranks, of which this process is the first, makes of each.
Machine make_machine(topology::Facts const& own, topology::Gathered const& gathered, topology::Plan plan);

/// Binds the calling thread to the cores of its rank: mpirun has bound it to one of its own choice.
void bind_this_thread(worker::Consumption const& consumption);

/// The machine `on` names: a file or folder that is there, else words such as "8x A100-80GB". Throws Error
/// (Exit::user) for what is neither.
topology::Cluster machine_named(std::string const& on);
/// The plan for another machine, which nothing is asked of.
topology::Plan plan_elsewhere(topology::Cluster const& cluster, topology::Demand const& demand);
/// `in_job` is the mode that the job file asks for; the command line's wins.
topology::Demand demand_of(MachineArguments const& arguments, std::optional<topology::Mode> in_job = std::nullopt);

/// The kind of device that a plan for one kind computes on: its first card's name, or "CPU".
inline constexpr std::string_view cpu_kind = "CPU";
std::string device_kind(topology::Plan const& plan);

/// A table with a line for each decision.
std::string to_text(topology::Plan const& plan);
Value to_json(topology::Plan const& plan);

}  // namespace muster::cli
