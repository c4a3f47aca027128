#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/crew.hpp"
#include "cli/machine.hpp"
#include "topology/facts_io.hpp"
#include "topology/probe.hpp"

namespace muster::cli {
namespace {

std::string trees_of(topology::Cluster const& cluster) {
  std::string text;
  for (auto const& node : cluster.nodes) {
    if (node.count > 1) text += fmt::format("{} machines like this one:\n", node.count);
    text += topology::to_tree(node.machine);
  }
  return text;
}

int tell(topology::Cluster const& cluster, Form form) {
  answer(form, trees_of(cluster),
         Value::raw(topology::is_one_machine(cluster) ? topology::to_json(cluster.nodes.front().machine)
                                                      : topology::to_json(cluster)));
  return 0;
}

}  // namespace

int cmd_topology(TopologyOptions const& options, Form form) {
  if (!options.on.empty()) return tell(machine_named(options.on), form);
  std::unique_ptr<comm::Transport> transport;
  if (comm::is_mpi_launched()) transport = comm::make_mpi();
  if (transport && transport->rank() != 0) return look_on(*transport, {});
  return tell(Crew(transport.get(), {}).cluster(), form);
}

}  // namespace muster::cli
