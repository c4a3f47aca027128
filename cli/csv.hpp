// Result tables as CSV files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/value.hpp"
#include "core/table.hpp"

namespace muster::cli {

/// One table as CSV text: a header of `name [unit]` (the unit left out for text and pure numbers), then
/// the rows, numbers in the shortest form that reads back to the same bits, text quoted where it must be.
std::string to_csv(Table const& table);

/// The first table goes to `path`, the others beside it as stem.<table>.csv. Returns what was written.
/// Throws Error (Exit::environment) when a file cannot be written.
std::vector<std::filesystem::path> write_csv(std::vector<Table> const& tables, std::filesystem::path const& path);

/// What --csv asks for: nothing where `path` is empty; else as write_csv, told in the command's answer in both its forms.
void export_csv(std::vector<Table> const& tables, std::filesystem::path const& path, std::string& text, Value& json);

}  // namespace muster::cli
