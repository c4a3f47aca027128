// Links between GPUs in nvidia-smi's words: "NV12", "PIX", "SYS".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "topology/facts.hpp"

namespace muster::topology {

std::string to_string(Link const& link);

/// nullopt for a word that is none. "?" is an unknown link; SOC is what SYS was called before 2017.
std::optional<Link> parse_link(std::string_view word);

}  // namespace muster::topology
