// Verdicts as the numbers that files hold.
#pragma once

#include <cstdint>
#include <optional>

#include "core/error.hpp"

namespace muster::io {

/// Empty for a number that is no exit code of muster's.
inline std::optional<Exit> verdict_of(std::uint64_t code) {
  for (Exit known :
       {Exit::done, Exit::user, Exit::environment, Exit::job_failed, Exit::bug, Exit::stopped})
    if (static_cast<std::uint64_t>(known) == code) return known;
  return std::nullopt;
}

}  // namespace muster::io
