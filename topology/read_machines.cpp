#include <array>
#include <utility>

#include "core/error.hpp"
#include "core/files.hpp"
#include "core/text.hpp"
#include "topology/facts_io.hpp"

namespace muster::topology {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_file_bytes = 64ULL << 20;

std::string contents(fs::path const& path) { return read_whole_file(path, largest_file_bytes, "machine file"); }

/// What a folder may hold, in the order in which one adds to another.
using Add = void (*)(Facts&, std::string const&, std::string const&);
constexpr std::array<std::pair<char const*, Add>, 4> parts{{{"hwloc.xml", add_hwloc_xml},
                                                            {"smi.xml", add_smi_xml},
                                                            {"topo.txt", add_topo_matrix},
                                                            {"p2p.txt", add_topo_matrix}}};

Facts& only_machine(Cluster& cluster, std::string const& source) {
  MUSTER_REQUIRE(cluster.nodes.size() == 1, "{}: machine.json holds {} machines, and other files beside it tell of one; keep "
                 "one or the other", source, cluster.nodes.size());
  return cluster.nodes.front().machine;
}

Cluster read_folder(fs::path const& folder) {
  Cluster cluster;
  bool found = fs::exists(folder / "machine.json");
  if (found)
    cluster = cluster_from_json(contents(folder / "machine.json"), (folder / "machine.json").string());
  else
    cluster.nodes.emplace_back();
  for (auto const& [name, add] : parts) {
    if (!fs::exists(folder / name)) continue;
    found = true;
    add(only_machine(cluster, folder.string()), contents(folder / name), (folder / name).string());
  }
  MUSTER_REQUIRE(found, "{}: none of machine.json, hwloc.xml, smi.xml, topo.txt and p2p.txt is there; write machine.json "
                 "with muster topology --json", folder.string());
  return cluster;
}

Cluster read_file(fs::path const& path) {
  auto const text = contents(path);
  auto const source = path.string();
  auto const start = trimmed(std::string_view(text).substr(0, 4096));
  if (start.starts_with('{')) return cluster_from_json(text, source);
  Cluster cluster;
  auto& machine = cluster.nodes.emplace_back().machine;
  if (start.find("<nvidia_smi_log") != std::string_view::npos)
    add_smi_xml(machine, text, source);
  else if (start.starts_with('<'))
    add_hwloc_xml(machine, text, source);
  else
    throw_error(Exit::user, "{}: not a machine file (JSON of muster topology --json, XML of nvidia-smi -q -x or of lstopo); "
                "put the matrix of nvidia-smi topo -m as topo.txt into a folder beside smi.xml", source);
  return cluster;
}

}  // namespace

Cluster read_machines(fs::path const& path) {
  std::error_code fault;
  auto cluster = fs::is_directory(path, fault) ? read_folder(path) : read_file(path);
  check_cluster(cluster, path.string());
  return cluster;
}

}  // namespace muster::topology
