#include "cli/machine.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernels/isa.hpp"
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

Machine prepare_machine(MachineArguments const& arguments) {
  Machine machine;
  machine.facts = topology::probe(arguments.device == topology::DeviceChoice::cpu ? topology::GpuProbe::skip
                                                                                  : topology::GpuProbe::look);
  topology::Demand demand;
  demand.device = arguments.device;
  demand.threads = arguments.threads;
  demand.in_process_ranks = arguments.ranks;
  machine.plan = topology::make_plan(machine.facts, demand);
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

Value to_json(topology::Plan const& plan) {
  Value::Array decisions, ranks;
  for (auto const& decision : plan.decisions)
    decisions.push_back(Value::object(
        {{"what", decision.what}, {"value", decision.value}, {"reason", decision.reason}}));
  for (auto const& placement : plan.ranks) {
    Value::Array gpus;
    for (int const ordinal : placement.gpus) gpus.emplace_back(ordinal);
    ranks.push_back(Value::object(
        {{"rank", placement.rank}, {"gpus", std::move(gpus)}, {"threads", placement.threads}}));
  }
  return Value::object({{"mode", topology::to_string(plan.mode)},
                        {"tier", topology::to_string(plan.tier)},
                        {"ranks", std::move(ranks)},
                        {"decisions", std::move(decisions)}});
}

}  // namespace muster::cli
