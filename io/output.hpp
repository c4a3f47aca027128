// What lies at an output's name already, before a run starts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace muster::io {

enum class OutputFound {
  nothing,     ///< RunState::create
  unfinished,  ///< RunState::open continues it
  finished,    ///< the file holds the answer of this very job: nothing to do
};

/// Looks without taking the lock and changes nothing. Throws Error (Exit::user) when the result or
/// the unfinished run there belongs to another job or arithmetic version, or is no intact file of
/// muster's: a run without --fresh must not replace it.
OutputFound find_output(std::filesystem::path const& output, std::string const& job_hash,
                        std::uint64_t arithmetic_version);

}  // namespace muster::io
