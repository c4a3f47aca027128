#include "cli/crew.hpp"

#include <fmt/core.h>

#include <cstdlib>

#include "cli/build_info.hpp"
#include "cli/signals.hpp"
#include "core/log.hpp"
#include "topology/lost_gpus.hpp"

namespace muster::cli {
namespace {

/// A driver of many cards needs most of a minute to start.
constexpr std::chrono::seconds patience{60};
constexpr std::chrono::seconds dismissal_patience{20};
/// Rank 0 reads the job in that time, and waits for the slowest rank.
constexpr std::chrono::seconds answer_patience{600};

worker::Presence presence_here(comm::Transport const& transport, topology::Facts facts) {
  return {software(&transport), std::move(facts)};
}

/// Without GPUs that an earlier start under this supervisor has lost.
std::vector<std::optional<topology::Facts>> facts_to_plan_with(std::vector<std::optional<topology::Facts>> facts) {
  char const* const lost = std::getenv(topology::lost_gpus_variable);
  auto const left_out = topology::leave_out(facts, topology::lost_gpus_in(lost == nullptr ? "" : lost));
  for (auto const& uuid : left_out) log::warn("{} is not used: an earlier start of this run lost it", uuid);
  return facts;
}

}  // namespace

Crew::Crew(comm::Transport* transport, MachineArguments const& arguments) : own_(probe_machine(arguments)) {
  if (transport == nullptr) {
    own_.launch = {};
    gathered_ = topology::gather({own_});
    return;
  }
  roll_call_ = std::make_unique<orchestrator::RollCall>(*transport, presence_here(*transport, own_));
  try {
    gather();
  } catch (Error const& error) {
    dismiss(error.code(), error.what());
    throw;
  }
}

void Crew::gather() {
  roll_call_->hear(patience, &stop_requested());
  orchestrator::check_software(roll_call_->ranks());
  gathered_ = topology::gather(facts_to_plan_with(facts()));
}

Crew::~Crew() {
  if (roll_call_) roll_call_->dismiss(Exit::done, "rank 0 has nothing to compute", dismissal_patience);
}

std::vector<std::optional<topology::Facts>> Crew::facts() const {
  std::vector<std::optional<topology::Facts>> facts;
  if (!roll_call_) return {own_};
  for (auto const& rank : roll_call_->ranks()) facts.push_back(rank ? std::optional(rank->facts) : std::nullopt);
  return facts;
}

Machine Crew::plan(topology::Demand const& demand) const {
  topology::check_grants(facts(), demand);
  auto plan = topology::make_plan(gathered_.cluster, demand);
  topology::check_doubles(plan, gathered_, demand);
  return make_machine(own_, gathered_, std::move(plan));
}

void Crew::assign(Machine const& machine) {
  if (!roll_call_) return;
  for (std::size_t rank = 1; rank < gathered_.seats.size(); ++rank) {
    if (gathered_.seats[rank].node < 0) continue;
    worker::Assignment assignment;
    assignment.part = worker::Part::compute;
    assignment.consumption = machine.other_consumptions.at(rank - 1);
    roll_call_->assign(static_cast<int>(rank), assignment);
  }
}

void Crew::dismiss(Exit verdict, std::string const& reason) {
  if (roll_call_) roll_call_->dismiss(verdict, reason, dismissal_patience);
}

worker::Assignment report_for_duty(comm::Transport& transport, MachineArguments const& arguments) {
  return worker::answer_roll_call(transport, presence_here(transport, probe_machine(arguments)), answer_patience, &end_signs());
}

int look_on(comm::Transport& transport, MachineArguments const& arguments) {
  report_for_duty(transport, arguments);
  return 0;
}

}  // namespace muster::cli
