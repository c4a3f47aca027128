// The folder a job writes to: everything that a run and its result do with files.
#pragma once

#include <cstdint>
#include <filesystem>

#include "cli/selftest/line.hpp"

namespace muster::cli::selftest {

/// Writes into `folder` and leaves nothing behind. A step that cannot be tried because an earlier one
/// failed is left out.
Lines check_storage(std::filesystem::path const& folder);

/// Less than this does not carry a small job's result and state.
inline constexpr std::uint64_t least_free_bytes = std::uint64_t{64} << 20;
Line judge_free_space(std::uint64_t free_bytes, std::uint64_t total_bytes);

}  // namespace muster::cli::selftest
