// All checks of `muster selftest`, on one process or on all ranks of a launcher.
#pragma once

#include <filesystem>

#include "cli/selftest/report.hpp"
#include "cli/selftest/slurm.hpp"
#include "comm/transport.hpp"

namespace muster::cli::selftest {

/// Rank 0, or a process alone (`launched` is null then). `folder` is where outputs would go. Throws Error
/// (Exit::stopped) on a signal; what fails is a line.
Report check_installation(std::filesystem::path const& folder, Variables const& variables, comm::Transport* launched);

/// Every other rank. Its faults travel to rank 0 as lines. Throws Error (Exit::environment) when rank 0 is
/// silent.
void help_rank_0(comm::Transport& transport);

}  // namespace muster::cli::selftest
