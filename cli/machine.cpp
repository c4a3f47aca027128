#include "cli/machine.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/log.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/isa.hpp"
#include "topology/cpu_sets.hpp"
#include "topology/facts_io.hpp"
#include "topology/machine_text.hpp"
#include "topology/probe.hpp"

namespace muster::cli {
namespace {

/// What is left of a GPU's budget for its pool when the driver has taken its share.
std::uint64_t pool_bytes(topology::Placement const& placement, std::size_t gpu) {
  auto const budget = placement.device_bytes[gpu];
  return kernels::limit_within(budget - std::min(budget, placement.driver_bytes[gpu]));
}

worker::Consumption consumption_of(topology::Placement const& placement, int members) {
  worker::Consumption consumption;
  consumption.members = members;
  for (std::size_t i = 0; i < placement.gpus.size(); ++i)
    consumption.accelerators.push_back({jobs::Device::Kind::cuda, placement.gpus[i], pool_bytes(placement, i)});
  consumption.threads = placement.gpus.empty() ? placement.threads : 0;
  consumption.cpus = placement.cpus;
  consumption.is_idle = placement.is_idle;
  if (!placement.gpus.empty())
    consumption.threads_instead = std::max(1, placement.threads / static_cast<int>(placement.gpus.size()));
  return consumption;
}

topology::Gpu const* find_gpu(topology::Facts const& facts, int ordinal) {
  auto const found = std::find_if(facts.gpus.begin(), facts.gpus.end(),
                                  [ordinal](auto const& gpu) { return gpu.ordinal == ordinal; });
  return found == facts.gpus.end() ? nullptr : &*found;
}

std::string describe_devices(Machine const& machine) {
  if (machine.consumption.is_idle) return "nothing on " + machine.facts.host;
  if (machine.consumption.accelerators.empty())
    return fmt::format("{} CPU thread{} ({}, {}) on {}", machine.consumption.threads,
                       machine.consumption.threads == 1 ? "" : "s", machine.facts.cpu.model,
                       kernels::isa_name(kernels::active_isa()), machine.facts.host);
  std::string text;
  for (auto const& device : machine.consumption.accelerators) {
    auto const* const gpu = find_gpu(machine.facts, device.ordinal);
    text += fmt::format("{}GPU {} ({})", text.empty() ? "" : ", ", device.ordinal, gpu == nullptr ? "unknown" : gpu->name);
  }
  return text + " on " + machine.facts.host;
}

/// What the ranks of one machine compute on: "2 x NVIDIA H200 and 16 CPU threads (AMD EPYC) on node7".
std::string describe_node(topology::NodePlan const& node, topology::Facts const& facts) {
  std::map<std::string, std::set<int>> gpus;
  int threads = 0;
  for (auto const& rank : node.ranks) {
    if (rank.gpus.empty()) threads += rank.threads;
    for (int const ordinal : rank.gpus)
      if (auto const* const gpu = find_gpu(facts, ordinal)) gpus[gpu->name].insert(ordinal);
  }
  std::string text;
  for (auto const& [name, ordinals] : gpus)
    text += fmt::format("{}{} x {}", text.empty() ? "" : " and ", ordinals.size(), name);
  if (threads > 0 || text.empty())
    text += fmt::format("{}{} CPU thread{} ({})", text.empty() ? "" : " and ", threads, threads == 1 ? "" : "s", facts.cpu.model);
  return text + " on " + facts.host + (node.count > 1 ? fmt::format(" and {} more like it", node.count - 1) : "");
}

std::string describe_all(Machine const& machine) {
  std::string text;
  std::size_t at = 0;  // of the plan's next machine among the cluster's
  for (auto const& node : machine.plan.nodes) {
    text += (text.empty() ? "" : "; ") + describe_node(node, machine.cluster.nodes.at(at).machine);
    at += static_cast<std::size_t>(node.count);
  }
  return text;
}

}  // namespace

topology::Demand demand_of(MachineArguments const& arguments, std::optional<topology::Mode> in_job) {
  topology::Demand demand;
  demand.device = arguments.device;
  demand.mode = arguments.mode ? arguments.mode : in_job;
  demand.mode_source = arguments.mode ? topology::ModeSource::command_line : topology::ModeSource::job_file;
  if (arguments.mode && in_job) demand.mode_overruled = in_job;
  demand.threads = arguments.threads;
  demand.in_process_ranks = arguments.ranks;
  demand.sharing = arguments.sharing;
  demand.device_memory_bytes = arguments.device_memory_bytes;
  demand.memory_bytes = arguments.memory_bytes;
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
    node.machine.grant = {};
  }
  return topology::make_plan(asked, demand);
}

topology::Facts probe_machine(MachineArguments const& arguments) {
  return topology::probe(arguments.device == topology::DeviceChoice::cpu ? topology::GpuProbe::skip
                                                                         : topology::GpuProbe::look);
}

Machine prepare_machine(MachineArguments const& arguments, topology::Mixing mixing) {
  auto facts = probe_machine(arguments);
  facts.launch = {};
  auto const gathered = topology::gather({facts});
  auto demand = demand_of(arguments);
  demand.mixing = mixing;
  return make_machine(facts, gathered, topology::make_plan(gathered.cluster, demand));
}

Machine prepare_local_rank() {
  Machine machine;
  machine.facts = probe_machine({});
  machine.cluster.nodes.push_back({machine.facts, 1});
  machine.plan = topology::make_plan(machine.cluster, {});
  auto const& launch = machine.facts.launch;
  machine.consumption = consumption_of(machine.plan.ranks.at(static_cast<std::size_t>(launch.is_launched ? launch.local_rank : 0)), machine.plan.group_size);
  return machine;
}

Machine make_machine(topology::Facts const& own, topology::Gathered const& gathered, topology::Plan plan) {
  Machine machine;
  machine.facts = own;
  machine.cluster = gathered.cluster;
  machine.plan = std::move(plan);
  bool const is_alone = !own.launch.is_launched;
  auto const ranks = is_alone ? machine.plan.ranks.size() : gathered.seats.size();
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    bool const is_silent = !is_alone && gathered.seats[rank].node < 0;
    auto const consumption = is_alone    ? consumption_of(machine.plan.ranks[rank], machine.plan.group_size)
                             : is_silent ? worker::Consumption{}
                                         : consumption_of(topology::placement_of(machine.plan, gathered, static_cast<int>(rank)), machine.plan.group_size);
    if (rank == 0)
      machine.consumption = consumption;
    else
      machine.other_consumptions.push_back(consumption);
  }
  machine.devices = describe_devices(machine);
  machine.all_devices = ranks == 1 ? machine.devices : describe_all(machine);
  return machine;
}

void bind_this_thread(worker::Consumption const& consumption) {
  auto const why_not = topology::bind_thread(consumption.cpus);
  if (!why_not.empty()) log::info("this rank is not bound to CPUs {}: {}", topology::to_string(consumption.cpus), why_not);
}

std::string device_kind(topology::Plan const& plan) {
  for (auto const& node : plan.nodes)
    for (auto const& rank : node.ranks)
      for (auto const& gpu : node.machine.gpus)
        if (!rank.gpus.empty() && gpu.ordinal == rank.gpus.front()) return gpu.name;
  return std::string(cpu_kind);
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

Value bytes_json(std::vector<std::uint64_t> const& bytes) { return Value::Array(bytes.begin(), bytes.end()); }

Value ordinals_json(std::vector<int> const& ordinals) { return Value::Array(ordinals.begin(), ordinals.end()); }

Value ranks_json(std::vector<topology::Placement> const& placements) {
  Value::Array ranks;
  for (auto const& placement : placements)
    ranks.push_back(Value::object({{"rank", placement.rank},
                                   {"gpus", ordinals_json(placement.gpus)},
                                   {"threads", placement.threads},
                                   {"gpu_memory_bytes", bytes_json(placement.device_bytes)},
                                   {"numa", placement.numa >= 0 ? Value(placement.numa) : Value()},
                                   {"cpus", placement.cpus.empty() ? Value() : Value(topology::to_string(placement.cpus))}}));
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
                        {"memory_fraction", topology::memory_fraction(card->memory_gb)},
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
                        {"memory_bytes", plan.memory.bytes > 0 ? Value(plan.memory.bytes) : Value()},
                        {"decisions", std::move(decisions)}});
}

}  // namespace muster::cli
