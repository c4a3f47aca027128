#include "cli/launch_line.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "topology/lost_gpus.hpp"

namespace muster::cli {
namespace {

/// Whether `word` is the option itself, or the option with its value: `--ranks 4`, `--ranks=4`.
enum class Spelling { other, alone, with_value };
Spelling spelling_of(std::string const& word, std::string const& option) {
  if (word == option) return Spelling::alone;
  return word.starts_with(option + "=") ? Spelling::with_value : Spelling::other;
}

/// Of "64(x2),32" 32; 0 where there is no such list.
int smallest_node(std::string const& cpus_per_node) {
  int least = 0;
  std::istringstream list(cpus_per_node);
  for (std::string node; std::getline(list, node, ',');) {
    int const cpus = std::atoi(node.c_str());
    if (cpus > 0) least = least == 0 ? cpus : std::min(least, cpus);
  }
  return least;
}

/// "node1:2,node4:2", or the names alone.
std::string host_list(std::vector<Node> const& nodes, bool is_with_tasks) {
  std::string text;
  for (auto const& node : nodes)
    text += (text.empty() ? "" : ",") + node.name + (is_with_tasks ? fmt::format(":{}", node.tasks) : "");
  return text;
}

void add_srun(std::vector<std::string>& line, int ranks, LaunchPlace const& place) {
  line = {"srun", "--mpi=pmix", "--kill-on-bad-exit=0", "--gpu-bind=none", "-n", std::to_string(ranks)};
  if (place.cpus_per_task > 0) line.push_back(fmt::format("--cpus-per-task={}", place.cpus_per_task));
  if (!place.nodes.empty())
    line.insert(line.end(), {fmt::format("--nodes={}", place.nodes.size()), "--nodelist=" + host_list(place.nodes, false)});
}

void add_mpirun(std::vector<std::string>& line, int ranks, LaunchPlace const& place) {
  auto const add = [&line](std::initializer_list<char const*> words) { line.insert(line.end(), words.begin(), words.end()); };
  add({"mpirun"});
  if (place.has_open_mpi_4)
    add({"--quiet", "--enable-recovery", "--mca", "odls_base_sigkill_timeout", "30"});
  else
    add({"--with-ft", "ulfm"});
  line.insert(line.end(), {"-np", std::to_string(ranks), "--bind-to", "none", "-x", "MUSTER_SUPERVISOR"});
  if (place.has_lost_gpus) add({"-x", topology::lost_gpus_variable});
  if (!place.is_in_allocation) add({"--oversubscribe"});
  if (place.is_root) add({"--allow-run-as-root"});
  if (!place.nodes.empty()) line.insert(line.end(), {"--host", host_list(place.nodes, true)});
  if (place.is_one_machine) {
    // Containers forbid the single-copy system call; asking for it prints a warning a rank.
    add({"--mca", "pml", "ob1", "--mca", "btl", place.has_open_mpi_4 ? "self,vader" : "self,sm",
         "--mca", "btl_base_warn_component_unused", "0"});
    if (place.has_open_mpi_4) add({"--mca", "btl_vader_single_copy_mechanism", "none"});
  } else {
    // Where UCX is, it returns errors of lost peers instead of waiting for them, over plain Ethernet too.
    add({"--mca", "pml_ucx_tls", "any", "--mca", "pml_ucx_devices", "any"});
  }
  if (!place.session_folder.empty())
    line.insert(line.end(), {place.has_open_mpi_4 ? "--mca" : "--prtemca", place.has_open_mpi_4 ? "orte_tmpdir_base" : "prte_tmpdir_base",
                             place.session_folder});
  std::istringstream more(place.more_options);
  for (std::string word; more >> word;) line.push_back(word);
}

}  // namespace

int cpus_per_task(int ranks, int threads_asked, Allocation const& allocation) {
  if (threads_asked > 0) return threads_asked;
  if (allocation.cpus_per_task > 0) return allocation.cpus_per_task;
  int const nodes = std::max(1, allocation.nodes);
  return smallest_node(allocation.cpus_per_node) / std::max(1, (ranks + nodes - 1) / nodes);
}

std::vector<std::string> words_of_rank(std::vector<std::string> const& words, Start start) {
  std::vector<std::string> kept;
  for (std::size_t at = 0; at < words.size(); ++at) {
    auto const& word = words[at];
    // --set takes the next word whatever it looks like.
    if (word == "--set" && at + 1 < words.size()) {
      kept.push_back(word);
      kept.push_back(words[++at]);
      continue;
    }
    bool is_ours = false;
    for (char const* option : {"--launcher", "--ranks"}) {
      auto const spelling = spelling_of(word, option);
      is_ours = is_ours || spelling != Spelling::other;
      if (spelling == Spelling::alone) ++at;
    }
    if (is_ours || (word == "--fresh" && start == Start::resume)) continue;
    kept.push_back(word);
  }
  return kept;
}

std::vector<std::string> launch_line(Launcher launcher, int ranks, std::vector<std::string> const& rank_words,
                                     LaunchPlace const& place) {
  std::vector<std::string> line;
  if (launcher == Launcher::srun)
    add_srun(line, ranks, place);
  else
    add_mpirun(line, ranks, place);
  line.push_back(place.program);
  line.insert(line.end(), rank_words.begin(), rank_words.end());
  return line;
}

}  // namespace muster::cli
