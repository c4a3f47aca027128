// `muster run --launcher mpirun`: starts the ranks, watches over them, starts them again after a loss
// that a run cannot survive by itself, and ends with the run's own verdict.
#pragma once

#include <string>

#include "cli/options.hpp"

namespace muster::cli {

/// How a supervised run ended.
struct Supervised {
  int code = 0;      ///< the run's own exit code
  std::string said;  ///< by the ranks on stdout; empty when rank 0 was killed between its result and the end of its words
};

/// Throws Error (Exit::user) for a faulty job file before anything is started, (Exit::environment) when
/// restarts come to nothing.
Supervised supervise(RunOptions const& options);

}  // namespace muster::cli
