// muster with the plan's tier of another machine, named by MUSTER_TEST_MACHINE as for --on: "auto" settings are
// resolved as they would be there, and computed here. Linked with --wrap for the plan.
#include <cstdlib>

#include "cli/machine.hpp"
#include "topology/plan.hpp"

namespace muster::topology {
Plan plan_here(Cluster const& cluster, Demand const& demand) asm("__real__ZN6muster8topology9make_planERKNS0_7ClusterERKNS0_6DemandE");
Plan plan_as_elsewhere(Cluster const& cluster, Demand const& demand) asm("__wrap__ZN6muster8topology9make_planERKNS0_7ClusterERKNS0_6DemandE");

Plan plan_as_elsewhere(Cluster const& cluster, Demand const& demand) {
  auto plan = plan_here(cluster, demand);
  char const* const machine = std::getenv("MUSTER_TEST_MACHINE");
  if (machine != nullptr) plan.tier = plan_here(cli::machine_named(machine), {}).tier;
  return plan;
}

}  // namespace muster::topology
