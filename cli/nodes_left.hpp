// After a loss in a Slurm allocation: which of its nodes can still be worked on.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/launch_line.hpp"
#include "cli/submit/program.hpp"

namespace muster::cli {

/// Starts one of Slurm's commands and hears it for so long at most, as submit::run_program() does.
using AskSlurm = std::function<std::optional<submit::Spoken>(std::vector<std::string> const&, std::chrono::milliseconds)>;
AskSlurm slurm_itself();

/// SLURM_TASKS_PER_NODE: "2(x3),1" is 2, 2, 2, 1. What is no number counts as 1.
std::vector<int> tasks_of_nodes(std::string_view text);

/// An allocation as it was when its job began.
struct AllocatedNodes {
  std::string job;  ///< SLURM_JOB_ID
  std::string own;  ///< name of the node this process is on; one of `all`, or of none of them
  std::vector<Node> all;
};
/// Of `node_list` ("node[1-2,7]") and `tasks_per_node` ("2(x3)"). `all` is empty where Slurm's scontrol does not tell the names.
AllocatedNodes allocated_nodes(std::string job, std::string own, std::string const& node_list, std::string_view tasks_per_node,
                               AskSlurm const& ask);

/// Those that Slurm still counts to the job and that begin a step within some seconds. The own one needs no step. Where Slurm
/// cannot be asked there is the own one alone; where no step begins anywhere, which says nothing of nodes, all that are the job's.
std::vector<Node> nodes_left(AllocatedNodes const& allocation, AskSlurm const& ask);

/// Ranks that fit there, of so many.
int ranks_on(std::vector<Node> const& nodes, int ranks);

/// MUSTER_MIN_NODES: with how few nodes a run may go on. Throws Error (Exit::user) for anything but a number from 1; empty is 1.
int least_nodes(std::string const& text);

/// Those of `all` that are not among `left`: "node2, node5".
std::string names_without(std::vector<Node> const& all, std::vector<Node> const& left);

/// The nodes of a run's starts. Slurm is asked when something was lost, and not before.
class NodesInUse {
 public:
  /// Without `allocated` nothing is asked, and no node is ever lost. `least`: least_nodes().
  NodesInUse(std::function<AllocatedNodes()> allocated, int least) : allocated_(std::move(allocated)), least_(least) {}

  /// Asked again when it is needed: all may have changed.
  void forget() { left_.reset(); }
  /// Whether one of this start's is lost. Takes seconds.
  bool have_lost_one();
  /// Throws Error (Exit::stopped) where too few are left: the next allocation may have more.
  void require_enough();
  /// For the log, on which the next start is: " on 1 of 2 nodes, without node2"; empty where that is all.
  std::string told();
  /// The next start is on those that are left; returns how many of so many ranks it has.
  int settle(LaunchPlace& place, int ranks);

 private:
  bool are_fewer();
  std::string counted(char const* verb) const;

  std::function<AllocatedNodes()> allocated_;
  int least_;
  std::optional<AllocatedNodes> allocation_;
  std::optional<std::vector<Node>> left_;
  std::vector<Node> in_use_;
};

}  // namespace muster::cli
