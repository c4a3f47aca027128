// From a command line to an exit code.
#pragma once

namespace muster::cli {

/// Never throws: every error is told once, on stderr or as JSON.
int run_command_line(int count, char const* const* arguments) noexcept;

}  // namespace muster::cli
