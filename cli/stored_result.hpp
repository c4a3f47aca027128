// The job that a result file holds, made runnable again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "core/table.hpp"
#include "io/result_file.hpp"

namespace muster::cli {

/// Throws Error (Exit::user) when the result is of another arithmetic version, naming the release to use,
/// or its job does not resolve to itself here.
LoadedJob load_stored_job(io::Result const& stored, std::filesystem::path const& path);

/// Throws Error (Exit::user) when the result has the bits of one kind of device, and `here` is another.
void require_kind_computed_on(io::Result const& stored, std::filesystem::path const& path, std::string const& here);
/// The machine to compute a stored result again with; throws as require_kind_computed_on.
Machine prepare_machine_for(io::Result const& stored, std::filesystem::path const& path, MachineArguments const& arguments);

/// The first value that differs by a bit, as a clause for people; empty when the tables are the same.
std::optional<std::string> first_difference(std::vector<Table> const& a, std::vector<Table> const& b);

}  // namespace muster::cli
