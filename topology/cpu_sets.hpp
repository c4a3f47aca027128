// Sets of hardware threads: as text, and as what a thread may run on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "topology/facts.hpp"

namespace muster::topology {

/// "0-3,8"; "none" for an empty set.
std::string to_string(CpuSet const& cpus);

/// Cores between blanks, their hardware threads between commas: "0,64 1,65".
std::string cores_text(std::vector<CpuSet> const& cores);
/// nullopt for a text that is none: numbers beyond any machine's, a thread twice.
std::optional<std::vector<CpuSet>> parse_cores(std::string_view text);

/// What the calling thread could be bound to, whatever it is bound to now: the system's own limit, which is
/// the cpuset of the control group. Empty where the system does not let a thread widen its binding.
CpuSet widest_binding();

/// Binds the calling thread. Why it could not; empty when it is bound, and for an empty set, which binds
/// nothing.
std::string bind_thread(CpuSet const& cpus);

}  // namespace muster::topology
