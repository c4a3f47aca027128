// Machines as files: muster's own JSON, and what hwloc and nvidia-smi print.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "topology/facts.hpp"

namespace muster::topology {

inline constexpr std::size_t most_gpus_a_machine = 256;
inline constexpr int most_nodes = 100'000;

/// Words for Mig and Peer, in their order.
inline constexpr std::array<std::string_view, 4> mig_words{"unknown", "off", "on", "slice"};
inline constexpr std::array<std::string_view, 3> peer_words{"unknown", "no", "yes"};

/// {"nodes": [{"count", "machine"}]}.
std::string to_json(Cluster const& cluster);

// All of these throw Error (Exit::user) naming `source` and the place for what they cannot use.

/// What to_json wrote, of a machine or a cluster.
Cluster cluster_from_json(std::string const& text, std::string const& source);

/// Adds what hwloc's XML (lstopo file.xml) says: CPU, caches, NUMA nodes, memory.
void add_hwloc_xml(Facts& facts, std::string const& text, std::string const& source);
/// Adds the GPUs of `nvidia-smi -q -x`: names, UUIDs, memory, ECC, MIG slices. Fields it lacks come from the
/// table of cards.
void add_smi_xml(Facts& facts, std::string const& text, std::string const& source);
/// Adds links and NUMA affinity from `nvidia-smi topo -m`, or peer access from `nvidia-smi topo -p2p r`, to
/// GPUs that are there already.
void add_topo_matrix(Facts& facts, std::string const& text, std::string const& source);

/// One of those files, told by what it holds, or a folder with some of machine.json, hwloc.xml, smi.xml,
/// topo.txt and p2p.txt. The answer is checked.
Cluster read_machines(std::filesystem::path const& path);

/// Throws for machines that contradict themselves: two GPUs with one UUID, a link with two rates, more free
/// memory than there is, a card whose name says another size.
void check_facts(Facts const& facts, std::string const& source);
void check_cluster(Cluster const& cluster, std::string const& source);

}  // namespace muster::topology
