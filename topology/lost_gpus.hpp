// GPUs that a start of a run has lost (a sticky CUDA error) and that its next starts leave alone.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "topology/facts.hpp"

namespace muster::topology {

/// UUIDs between commas: from the supervisor to the ranks of its next start.
inline constexpr char const* lost_gpus_variable = "MUSTER_LOST_GPUS";

/// What a rank says on stderr of a GPU that it has lost, and the UUID in such a line; nothing in any other line.
std::string loss_of_gpu(std::string_view uuid);
std::optional<std::string> lost_gpu_in(std::string_view line);

/// As the variable has them.
std::set<std::string> lost_gpus_in(std::string_view list);
std::string list_of(std::set<std::string> const& uuids);

/// Takes them from what each rank sees. Returns those that were there.
std::set<std::string> leave_out(std::vector<std::optional<Facts>>& ranks, std::set<std::string> const& uuids);

}  // namespace muster::topology
