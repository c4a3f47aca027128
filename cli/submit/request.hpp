// What a batch job asks Slurm for: the words of the command line, checked, and what a node offers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/facts.hpp"

namespace muster::cli::submit {

/// --nodes: as many machines at least and at most.
struct NodeRange {
  int least = 1;
  int most = 1;
};
/// "4" or "2-8". Throws Error (Exit::user).
NodeRange parse_nodes(std::string const& text);

/// --time in minutes; Slurm's own forms: minutes, minutes:seconds, hours:minutes:seconds, days-hours[:minutes[:seconds]].
/// Seconds are rounded up. Throws Error (Exit::user).
std::int64_t parse_time_minutes(std::string const& text);
/// "1-02:30:00".
std::string time_text(std::int64_t minutes);

/// The value of --account, --partition, --constraint, ... as a word of a script that Slurm reads line by line. Throws
/// Error (Exit::user) for what could be read as something else: a line end, a blank, a quote, a leading dash.
std::string slurm_word(std::string_view option, std::string const& text);

/// One machine of a partition, the least of several sorts.
struct Node {
  int cpus = 0;  ///< Slurm's: hardware threads, or cores
  int gpus = 0;
  std::uint64_t memory_mb = 0;  ///< 0 = not known
};

/// From the lines of `sinfo -h -N -o "%c|%m|%G"`. nullopt when there is no line that says it.
std::optional<Node> node_in_sinfo(std::string_view lines);
/// The time limit of a partition, the default one where `partition` is empty, from the lines of
/// `sinfo -h -o "%P|%l"`. nullopt when there is none, or no line says it.
std::optional<std::int64_t> limit_in_sinfo(std::string_view lines, std::string_view partition);
/// Of machines a plan was made for, which Slurm says nothing about.
Node node_in_cluster(topology::Cluster const& cluster);
/// Machines, all sorts together.
int machines_in(topology::Cluster const& cluster);

/// How a machine is shared: one rank a GPU, or one for all CPUs.
struct Share {
  int tasks = 1;                ///< ranks on a machine
  int cpus = 1;                 ///< of each rank
  int gpus = 0;                 ///< on a machine
  std::uint64_t memory_mb = 0;  ///< of a machine; 0 = what the site gives unasked
};
/// What the user said; 0 = not said.
struct ShareWishes {
  int tasks = 0, cpus = 0;
  std::optional<int> gpus;
  std::uint64_t memory_mb = 0;
};
/// What a job is expected to take.
struct Needs {
  std::uint64_t rank_bytes = 0;  ///< of host memory, each rank
  double seconds = 0;            ///< on all machines; 0 = not known
};
/// Memory to ask for on each machine: twice what is expected, and for each rank 1 GiB for MPI and libraries or 4 GiB
/// where it drives a GPU; never more than the machine has. Throws Error (Exit::user) when it has not even what is expected.
std::uint64_t memory_mb_for(Needs const& needs, Share const& share, std::optional<Node> const& node);
/// Minutes to ask for: three times what is expected and ten more, to the next five; at most `limit`. nullopt: not known.
std::optional<std::int64_t> minutes_for(Needs const& needs, std::optional<std::int64_t> const& limit);
/// Throws Error (Exit::user) when the machine is not known and the user does not say either, or says more than it has.
Share share_of(std::optional<Node> const& node, ShareWishes const& wishes);

}  // namespace muster::cli::submit
