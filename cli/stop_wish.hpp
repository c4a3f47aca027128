// Who wanted a run to stop, as its verdict tells it.
#pragma once

#include <string>

#include "cli/options.hpp"

namespace muster::cli {

/// Who asked for a stop, when that was a signal.
constexpr char const* asked_by_signal = "a signal";
/// The same, when mpirun, srun or one of their daemons sent it to end the rank.
constexpr char const* asked_by_launcher = "the launcher";
/// What the verdict of a stop says.
std::string stop_message(std::string const& asked_by);

enum class StopWish {
  asked,    ///< by name
  unclear,  ///< a signal: somebody's own, or that of a launcher which ends its ranks after a loss
  unasked   ///< mpirun ends its ranks, where nobody has told it to
};

/// Of a verdict with stop_message(), under a supervisor that was told nothing itself.
StopWish wish_of(std::string const& message, Launcher launcher);

}  // namespace muster::cli
