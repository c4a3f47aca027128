#include <fmt/core.h>

#include "cli/commands.hpp"
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

}  // namespace

int cmd_topology(TopologyOptions const& options, Form form) {
  auto const cluster = options.on.empty()
                           ? topology::Cluster{{{topology::probe(topology::GpuProbe::look), 1}}, ""}
                           : machine_named(options.on);
  answer(form, trees_of(cluster),
         Value::raw(topology::is_one_machine(cluster) ? topology::to_json(cluster.nodes.front().machine)
                                                      : topology::to_json(cluster)));
  return 0;
}

}  // namespace muster::cli
