#include "cli/expected.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/text.hpp"

namespace muster::cli {
namespace {

bool is_known(Expectation const& expectation) {
  for (auto const& device : expectation.time.devices)
    if (!(device.tile_s > 0)) return false;
  return true;
}

std::string time_text(topology::Expected const& time) {
  return time.least_s < time.most_s ? human_duration(time.least_s) + " to " + human_duration(time.most_s)
                                    : human_duration(time.most_s);
}

std::string why_time(Expectation const& expectation) {
  auto const& time = expectation.time;
  auto reason = fmt::format("{} tiles; {} to start, {} for the results", human_count(expectation.cost.stages.back()),
                            human_duration(time.start_s), human_duration(time.end_s));
  if (expectation.cost.stages.size() > 1) reason += "; the stop rule decides";
  return reason;
}

topology::Decision device_line(topology::DeviceTime const& device) {
  return {device.count > 1 ? fmt::format("{} x {}", human_count(static_cast<std::uint64_t>(device.count)), device.device)
                           : device.device,
          human_duration(device.tile_s) + " a tile", device.reason};
}

/// As the ranks' consumers form it.
jobs::Team team_on(jobs::Job const& job, topology::Placement const& rank, topology::Plan const& plan) {
  auto team = jobs::team_of(job, static_cast<int>(rank.gpus.size()), plan.group_size);
  team.is_joined = plan.joined_ranks > 1;
  bool const is_one_rank = plan.nodes.size() == 1 && plan.nodes.front().count == 1 && plan.nodes.front().ranks.size() == 1;
  team.is_alone = is_one_rank && rank.gpus.size() == 1;
  return team;
}

/// One for each sort of card under each budget.
std::vector<CardMemory> card_memory(topology::Plan const& plan, jobs::Job const& job) {
  std::vector<CardMemory> cards;
  std::set<std::tuple<std::string, std::uint64_t, std::uint64_t>> seen;
  for (auto const& node : plan.nodes)
    for (auto const& rank : node.ranks)
      for (std::size_t i = 0; i < rank.gpus.size() && i < rank.device_bytes.size(); ++i) {
        auto const card = std::find_if(node.machine.gpus.begin(), node.machine.gpus.end(),
                                       [&](auto const& gpu) { return gpu.ordinal == rank.gpus[i]; });
        if (card == node.machine.gpus.end() || !seen.emplace(card->name, card->memory_bytes, rank.device_bytes[i]).second) continue;
        if (auto const need = job.device_need(*card, rank.device_bytes[i], team_on(job, rank, plan)))
          cards.push_back({card->name, rank.device_bytes[i], *need});
      }
  return cards;
}

topology::Decision memory_line(CardMemory const& memory) {
  auto reason = fmt::format("expected of {}, {} of them the driver's; may take {}", memory.card,
                            human_bytes(memory.need.context_bytes), human_bytes(memory.budget_bytes));
  if (!memory.need.note.empty()) reason += "; " + memory.need.note;
  return {"GPU memory used", memory.need.fits ? human_bytes(memory.need.bytes()) : "too little: on the CPU", reason};
}

}  // namespace

Expectation expect(topology::Plan const& plan, LoadedJob const& loaded, topology::TileTimes const& times, double load_s) {
  Expectation expectation;
  expectation.cost = loaded.job->cost();
  topology::check_memory(plan, expectation.cost);
  expectation.time = topology::expected_time(plan, expectation.cost, times);
  for (double* const seconds : {&expectation.time.start_s, &expectation.time.least_s, &expectation.time.most_s}) *seconds += load_s;
  expectation.host_bytes = topology::host_bytes(plan.nodes.front(), expectation.cost);
  expectation.cards = card_memory(plan, *loaded.job);
  return expectation;
}

std::vector<topology::Decision> to_decisions(Expectation const& expectation) {
  std::vector<topology::Decision> lines;
  lines.push_back({"host memory", human_bytes(expectation.host_bytes), "expected on each machine"});
  for (auto const& memory : expectation.cards) lines.push_back(memory_line(memory));
  if (!is_known(expectation)) return lines;
  lines.push_back({"expected time", time_text(expectation.time), why_time(expectation)});
  for (auto const& device : expectation.time.devices) lines.push_back(device_line(device));
  return lines;
}

Value to_json(Expectation const& expectation) {
  auto const& time = expectation.time;
  Value::Array devices;
  for (auto const& device : time.devices)
    devices.push_back(Value::object({{"device", device.device},
                                     {"count", device.count},
                                     {"tile_seconds", device.tile_s},
                                     {"reason", device.reason}}));
  Value::Array cards;
  for (auto const& memory : expectation.cards)
    cards.push_back(Value::object({{"card", memory.card},
                                   {"bytes", memory.need.bytes()},
                                   {"driver_bytes", memory.need.context_bytes},
                                   {"budget_bytes", memory.budget_bytes},
                                   {"fits", memory.need.fits},
                                   {"note", memory.need.note}}));
  bool const known = is_known(expectation);
  return Value::object({{"seconds", known ? Value(time.most_s) : Value()},
                        {"least_seconds", known ? Value(time.least_s) : Value()},
                        {"start_seconds", time.start_s},
                        {"end_seconds", time.end_s},
                        {"devices", std::move(devices)},
                        {"gpu_memory", std::move(cards)},
                        {"host_memory_bytes", expectation.host_bytes}});
}

}  // namespace muster::cli
