// This machine, what the plan makes of it, and what this process computes with.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/value.hpp"
#include "topology/facts.hpp"
#include "topology/plan.hpp"
#include "worker/worker.hpp"

namespace muster::cli {

struct Machine {
  topology::Facts facts;
  topology::Plan plan;
  worker::Consumption consumption;  ///< of this process's (first) rank
  std::vector<worker::Consumption> other_consumptions;  ///< of its in-process ranks 1, 2, ...
  std::string devices;              ///< one line for people: "2 CPU threads (AMD EPYC, v4) on node7"
};

/// The facts; GPUs are not looked for where the CPU is asked for.
topology::Facts probe_machine(MachineArguments const& arguments);
/// Probes and plans. Throws Error for a wish that cannot be met (--device gpu without a GPU).
Machine prepare_machine(MachineArguments const& arguments);

/// The machine `on` names: a file or folder that is there, else words such as "8x A100-80GB". Throws Error
/// (Exit::user) for what is neither.
topology::Cluster machine_named(std::string const& on);
/// The plan for another machine, which nothing is asked of.
topology::Plan plan_elsewhere(topology::Cluster const& cluster, topology::Demand const& demand);
topology::Demand demand_of(MachineArguments const& arguments);

/// A table with a line for each decision.
std::string to_text(topology::Plan const& plan);
Value to_json(topology::Plan const& plan);

}  // namespace muster::cli
