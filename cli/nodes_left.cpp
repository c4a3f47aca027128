#include "cli/nodes_left.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "core/error.hpp"

namespace muster::cli {
namespace {

using std::chrono::seconds;
constexpr seconds answer_limit{10};
/// A step begins in some 0.1 s; on a node that is off the net never.
constexpr seconds step_limit{5};
/// Beyond so many nodes srun reaches some by way of others, and one that is off the net holds those behind it up.
constexpr std::size_t most_nodes_at_once = 50;
constexpr seconds long_step_limit{30};

std::vector<std::string> words_in(std::string const& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// What it says; nullopt when it fails.
std::optional<std::string> answer_of(AskSlurm const& ask, std::vector<std::string> const& words) {
  auto const spoken = ask(words, answer_limit);
  return spoken && spoken->status == 0 ? std::optional(spoken->out) : std::nullopt;
}

std::vector<std::string> expanded(std::string const& node_list, AskSlurm const& ask) {
  return words_in(answer_of(ask, {"scontrol", "show", "hostnames", node_list}).value_or(""));
}

/// The node list of one job in lines of "JOB NODES": an array's first task has the number of the array, whose tasks are all shown.
std::string nodes_of_job(std::string const& lines, std::string const& job) {
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);)
    if (auto const words = words_in(line); words.size() == 2 && words[0] == job) return words[1];
  return "";
}

std::vector<Node> among(std::vector<Node> const& all, std::vector<std::string> const& names, std::string const& own) {
  std::set<std::string> const wanted(names.begin(), names.end());
  std::vector<Node> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found),
               [&](Node const& node) { return node.name == own || wanted.count(node.name) > 0; });
  return found;
}

std::string joined(std::vector<Node> const& nodes, char const* between) {
  std::string text;
  for (auto const& node : nodes) text += (text.empty() ? "" : between) + node.name;
  return text;
}

/// Names of the nodes on which a step begins.
std::vector<std::string> answering(std::vector<Node> const& nodes, AskSlurm const& ask) {
  auto const count = nodes.size();
  auto const spoken = ask({"srun", "--overlap", "--quiet", "--no-kill", fmt::format("--nodes={}", count), fmt::format("--ntasks={}", count),
                           "--ntasks-per-node=1", "--cpus-per-task=1", "--mem=0", "--nodelist=" + joined(nodes, ","), "printenv",
                           "SLURMD_NODENAME"},
                          count > most_nodes_at_once ? long_step_limit : step_limit);
  return spoken ? words_in(spoken->out) : std::vector<std::string>{};
}

}  // namespace

AskSlurm slurm_itself() {
  return [](std::vector<std::string> const& words, std::chrono::milliseconds limit) { return submit::run_program(words, "", limit); };
}

std::vector<int> tasks_of_nodes(std::string_view text) {
  std::vector<int> tasks;
  std::istringstream list{std::string(text)};
  for (std::string part; std::getline(list, part, ',');) {
    int count = 0, nodes = 1;
    auto const* const end = part.data() + part.size();
    auto const rest = std::from_chars(part.data(), end, count).ptr;
    if (end - rest > 2 && rest[0] == '(' && rest[1] == 'x') std::from_chars(rest + 2, end, nodes);
    tasks.insert(tasks.end(), static_cast<std::size_t>(std::clamp(nodes, 1, 1 << 20)), std::max(1, count));
  }
  return tasks;
}

AllocatedNodes allocated_nodes(std::string job, std::string own, std::string const& node_list, std::string_view tasks_per_node,
                               AskSlurm const& ask) {
  AllocatedNodes allocation{std::move(job), std::move(own), {}};
  auto const tasks = tasks_of_nodes(tasks_per_node);
  for (auto const& name : expanded(node_list, ask)) {
    auto const at = allocation.all.size();
    allocation.all.push_back({name, at < tasks.size() ? tasks[at] : 1});
  }
  return allocation;
}

std::vector<Node> nodes_left(AllocatedNodes const& allocation, AskSlurm const& ask) {
  auto const& [job, own, all] = allocation;
  auto const told = answer_of(ask, {"squeue", "--noheader", "--jobs=" + job, "--format=%A %N"});
  if (!told) {
    auto const alone = among(all, {}, own);
    return alone.empty() ? all : alone;
  }
  auto const counted = among(all, expanded(nodes_of_job(*told, job), ask), own);
  if (counted.size() < 2) return counted;
  auto const names = answering(counted, ask);
  return names.empty() ? counted : among(counted, names, own);
}

int ranks_on(std::vector<Node> const& nodes, int ranks) {
  int room = 0;
  for (auto const& node : nodes) room += node.tasks;
  return std::min(ranks, room);
}

int least_nodes(std::string const& text) {
  if (text.empty()) return 1;
  int least = 0;
  auto const* const end = text.data() + text.size();
  auto const [rest, fault] = std::from_chars(text.data(), end, least);
  MUSTER_REQUIRE(fault == std::errc() && rest == end && least > 0,
                 "MUSTER_MIN_NODES = {} (with how few nodes a run may go on after a loss); set it to a whole number from 1, or unset it "
                 "for 1", text);
  return least;
}

std::string names_without(std::vector<Node> const& all, std::vector<Node> const& left) {
  std::vector<Node> missing;
  std::copy_if(all.begin(), all.end(), std::back_inserter(missing), [&](Node const& node) {
    return std::none_of(left.begin(), left.end(), [&](Node const& other) { return other.name == node.name; });
  });
  return joined(missing, ", ");
}

bool NodesInUse::are_fewer() {
  if (!allocated_) return false;
  if (!allocation_) in_use_ = allocation_.emplace(allocated_()).all;
  if (!left_) left_ = nodes_left(*allocation_, slurm_itself());
  return left_->size() < allocation_->all.size();
}

bool NodesInUse::have_lost_one() { return are_fewer() && !names_without(in_use_, *left_).empty(); }

std::string NodesInUse::counted(char const* verb) const {
  auto const& all = allocation_->all;
  return fmt::format("{} of {} nodes{}, without {}", left_->size(), all.size(), verb, names_without(all, *left_));
}

void NodesInUse::require_enough() {
  if (!are_fewer() || static_cast<int>(left_->size()) >= least_) return;
  throw_error(Exit::stopped, "{} (MUSTER_MIN_NODES = {}: with fewer the run is not to go on); it goes on from the last save when it is "
                             "requeued or run again", counted(" are left"), least_);
}

std::string NodesInUse::told() { return are_fewer() ? " on " + counted("") : ""; }

int NodesInUse::settle(LaunchPlace& place, int ranks) {
  bool const is_fewer = are_fewer();
  if (allocation_) in_use_ = *left_;
  if (!is_fewer) return ranks;
  place.nodes = in_use_;
  place.is_one_machine = in_use_.size() == 1 && in_use_.front().name == allocation_->own;
  return ranks_on(in_use_, ranks);
}

}  // namespace muster::cli
