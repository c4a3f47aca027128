#include "cli/machine.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernels/isa.hpp"
#include "topology/facts_io.hpp"
#include "topology/machine_text.hpp"
#include "topology/probe.hpp"

namespace muster::cli {
namespace {

worker::Consumption consumption_of(topology::Placement const& placement) {
  worker::Consumption consumption;
  for (int const ordinal : placement.gpus)
    consumption.accelerators.push_back({jobs::Device::Kind::cuda, ordinal});
  consumption.threads = placement.gpus.empty() ? placement.threads : 0;
  return consumption;
}

std::string name_of_gpu(topology::Facts const& facts, int ordinal) {
  auto const found = std::find_if(facts.gpus.begin(), facts.gpus.end(),
                                  [ordinal](auto const& gpu) { return gpu.ordinal == ordinal; });
  return found == facts.gpus.end() ? "unknown GPU" : found->name;
}

std::string describe_devices(Machine const& machine) {
  if (machine.consumption.accelerators.empty())
    return fmt::format("{} CPU thread{} ({}, {}) on {}", machine.consumption.threads,
                       machine.consumption.threads == 1 ? "" : "s", machine.facts.cpu.model,
                       kernels::isa_name(kernels::active_isa()), machine.facts.host);
  std::string text;
  for (auto const& device : machine.consumption.accelerators)
    text += fmt::format("{}GPU {} ({})", text.empty() ? "" : ", ", device.ordinal,
                        name_of_gpu(machine.facts, device.ordinal));
  return text + " on " + machine.facts.host;
}

}  // namespace

topology::Demand demand_of(MachineArguments const& arguments) {
  topology::Demand demand;
  demand.device = arguments.device;
  demand.mode = arguments.mode;
  demand.threads = arguments.threads;
  demand.in_process_ranks = arguments.ranks;
  return demand;
}

topology::Cluster machine_named(std::string const& on) {
  std::error_code fault;
  bool const is_path = std::filesystem::exists(on, fault) || on.ends_with(".json") || on.ends_with(".xml") ||
                       on.find('/') != std::string::npos;
  return is_path ? topology::read_machines(on) : topology::machines_in_words(on);
}

topology::Plan plan_elsewhere(topology::Cluster const& cluster, topology::Demand const& demand) {
  auto asked = cluster;
  for (auto& node : asked.nodes) {
    // What wrote the file may have had no CUDA, or been a rank of many: neither is the machine's.
    node.machine.gpus_unused.clear();
    node.machine.launch = {};
  }
  return topology::make_plan(asked, demand);
}

topology::Facts probe_machine(MachineArguments const& arguments) {
  return topology::probe(arguments.device == topology::DeviceChoice::cpu ? topology::GpuProbe::skip
                                                                         : topology::GpuProbe::look);
}

Machine prepare_machine(MachineArguments const& arguments) {
  Machine machine;
  machine.facts = probe_machine(arguments);
  machine.plan = topology::make_plan(machine.facts, demand_of(arguments));
  auto const& launch = machine.facts.launch;
  auto const mine = static_cast<std::size_t>(launch.is_launched ? launch.local_rank : 0);
  machine.consumption = consumption_of(machine.plan.ranks.at(mine));
  if (!launch.is_launched)
    for (std::size_t rank = 1; rank < machine.plan.ranks.size(); ++rank)
      machine.other_consumptions.push_back(consumption_of(machine.plan.ranks[rank]));
  machine.devices = describe_devices(machine);
  return machine;
}

std::string to_text(topology::Plan const& plan) {
  std::size_t width = 0, value_width = 0;
  for (auto const& decision : plan.decisions) {
    width = std::max(width, decision.what.size());
    value_width = std::max(value_width, decision.value.size());
  }
  std::string text;
  for (auto const& decision : plan.decisions)
    text += fmt::format("{:<{}}  {:<{}}  {}\n", decision.what, width, decision.value, value_width, decision.reason);
  return text;
}

namespace {

Value ordinals_json(std::vector<int> const& ordinals) { return Value::Array(ordinals.begin(), ordinals.end()); }

Value ranks_json(std::vector<topology::Placement> const& placements) {
  Value::Array ranks;
  for (auto const& placement : placements)
    ranks.push_back(Value::object({{"rank", placement.rank},
                                   {"gpus", ordinals_json(placement.gpus)},
                                   {"threads", placement.threads},
                                   {"numa", placement.numa >= 0 ? Value(placement.numa) : Value()}}));
  return ranks;
}

Value nodes_json(std::vector<topology::NodePlan> const& nodes) {
  Value::Array all;
  for (auto const& node : nodes) {
    Value::Array groups;
    for (auto const& group : node.groups) groups.push_back(ordinals_json(group));
    all.push_back(Value::object({{"host", node.host},
                                 {"count", node.count},
                                 {"ranks", ranks_json(node.ranks)},
                                 {"groups", std::move(groups)}}));
  }
  return all;
}

Value card_json(std::optional<topology::Profile> const& card) {
  if (!card) return {};
  return Value::object({{"name", card->name},
                        {"nominal_memory_gb", card->memory_gb},
                        {"batch", card->batch},
                        {"train_batch", card->train_batch},
                        {"models", card->models},
                        {"features", to_string(card->features)},
                        {"rated", card->rated}});
}

}  // namespace

Value to_json(topology::Plan const& plan) {
  Value::Array decisions;
  for (auto const& decision : plan.decisions)
    decisions.push_back(Value::object(
        {{"what", decision.what}, {"value", decision.value}, {"reason", decision.reason}}));
  return Value::object({{"mode", topology::to_string(plan.mode)},
                        {"tier", topology::to_string(plan.tier)},
                        {"gpus", plan.gpus},
                        {"group_size", plan.group_size},
                        {"least_card", card_json(plan.least)},
                        {"ranks", ranks_json(plan.ranks)},
                        {"nodes", nodes_json(plan.nodes)},
                        {"decisions", std::move(decisions)}});
}

}  // namespace muster::cli
