// How a run stands, from its files alone: for scripts, supervisors and login nodes.
#pragma once

#include <filesystem>
#include <optional>

#include "core/error.hpp"
#include "io/run_lock.hpp"
#include "io/run_state.hpp"

namespace muster::io {

struct Standing {
  enum class Is {
    nothing,      ///< neither a result nor a state nor anybody at work
    running,      ///< no verdict yet, and its process may be alive
    interrupted,  ///< no verdict, and its process is gone: killed, resumable
    over,         ///< there is a verdict
  };
  Is is = Is::nothing;
  std::optional<Exit> verdict;      ///< when it is over
  std::optional<SavedRun> saved;    ///< unless the result is there
  std::optional<LockReading> lock;  ///< who works on it, or died doing so
};

/// Reads without the lock, at any moment of a run. Throws Error (Exit::user) for a damaged file.
Standing standing_of(std::filesystem::path const& output);
/// The verdict as an exit code; 75 while there is none.
int exit_code(Standing const& standing);

}  // namespace muster::io
