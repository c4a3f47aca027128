// Shared by the parts of the schema: single values in and out. Not for other rooms.
#pragma once

#include "core/schema.hpp"

namespace muster::schema {

/// `path.key`, or whichever of the two is not empty.
std::string join(std::string_view path, std::string_view key);
/// What a field takes, in words: "a whole number at least 2".
std::string wanted(Field const& field);
/// `a, b, c`
std::string listed(Names names);

/// Reads one cell of a CSV file; false after adding a fault.
bool read_cell(Field const& field, void* record, Cell const& cell, std::string_view name,
               Faults& faults);
/// The value as canonical TOML; only for values, not records.
std::string render_value(Field const& field, void const* record);

}  // namespace muster::schema
