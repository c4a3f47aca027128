#include <climits>
#include <cstdlib>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/facts_io.hpp"
#include "topology/hwloc_counts.hpp"

namespace muster::topology {
namespace {

HwlocTopology load_xml(std::string const& text) {
  // A person gets one message from us, not hwloc's besides.
  setenv("HWLOC_HIDE_ERRORS", "2", 0);
  hwloc_topology_t raw = nullptr;
  if (text.size() >= INT_MAX || hwloc_topology_init(&raw) != 0) return nullptr;
  HwlocTopology topology(raw);
  if (hwloc_topology_set_xmlbuffer(raw, text.c_str(), static_cast<int>(text.size() + 1)) != 0) return nullptr;
  if (hwloc_topology_load(raw) != 0) return nullptr;
  return topology;
}

std::string info_of(hwloc_obj_t object, char const* name) {
  char const* const found = object == nullptr ? nullptr : hwloc_obj_get_info_by_name(object, name);
  return found == nullptr ? "" : printable(found, 200);
}

}  // namespace

void add_hwloc_xml(Facts& facts, std::string const& text, std::string const& source) {
  auto const topology = load_xml(text);
  MUSTER_REQUIRE(topology != nullptr, "{}: hwloc does not read this XML (it is cut off, or of another version); write it "
                 "anew with lstopo FILE.xml", source);
  auto* const machine = hwloc_get_root_obj(topology.get());
  read_counts(topology.get(), facts.cpu);
  facts.cpu.usable_cores = facts.cpu.cores;
  facts.cpu.usable_threads = facts.cpu.threads;
  facts.cpu.model = info_of(hwloc_get_obj_by_type(topology.get(), HWLOC_OBJ_PACKAGE, 0), "CPUModel");
  facts.memory.total_bytes = machine->total_memory;
  facts.memory.available_bytes = machine->total_memory;
  if (auto const host = info_of(machine, "HostName"); !host.empty()) facts.host = host;
  if (auto const os = info_of(machine, "OSName"); !os.empty()) facts.os = os;
}

}  // namespace muster::topology
