// The ranks that a launcher started, before they have anything to do: facts are gathered from all of them and
// one plan is made on rank 0.
#pragma once

#include <memory>
#include <vector>

#include "cli/machine.hpp"
#include "comm/transport.hpp"
#include "orchestrator/roll_call.hpp"
#include "topology/gather.hpp"

namespace muster::cli {

/// Rank 0's side; also of a process that no launcher started, which is a crew of one.
class Crew {
 public:
  /// Hears every rank of `transport`; null where there is none. Throws Error for a rank of another build.
  Crew(comm::Transport* transport, MachineArguments const& arguments);
  /// Sends away whoever was not told anything.
  ~Crew();
  Crew(Crew const&) = delete;
  Crew& operator=(Crew const&) = delete;

  topology::Cluster const& cluster() const { return gathered_.cluster; }
  /// Plans for all ranks. Throws Error for wishes that cannot be met, ranks that see other GPUs than they were
  /// given, and two ranks on one GPU.
  Machine plan(topology::Demand const& demand) const;
  /// Tells every rank what to compute with.
  void assign(Machine const& machine);
  /// What became of ranks meanwhile, for the run.
  std::vector<comm::RankNews> news() const { return roll_call_ ? roll_call_->news() : std::vector<comm::RankNews>(); }
  /// Sends every rank away with these words.
  void dismiss(Exit verdict, std::string const& reason);

 private:
  void gather();
  std::vector<std::optional<topology::Facts>> facts() const;

  topology::Facts own_;
  std::unique_ptr<orchestrator::RollCall> roll_call_;  // none without a launcher
  topology::Gathered gathered_;
};

/// Any other rank: answers rank 0's roll call.
worker::Assignment report_for_duty(comm::Transport& transport, MachineArguments const& arguments);

/// Any other rank of a command that only rank 0 answers. Returns its exit code.
int look_on(comm::Transport& transport, MachineArguments const& arguments);

}  // namespace muster::cli
