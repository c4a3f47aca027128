#include "cli/commands.hpp"
#include "topology/probe.hpp"

namespace muster::cli {

int cmd_topology(TopologyOptions const&, Form form) {
  auto const facts = topology::probe(topology::GpuProbe::look);
  answer(form, topology::to_table(facts), Value::raw(topology::to_json(facts)));
  return 0;
}

}  // namespace muster::cli
