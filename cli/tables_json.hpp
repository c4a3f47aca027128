// Result tables for --json.
#pragma once

#include <vector>

#include "cli/value.hpp"
#include "core/table.hpp"

namespace muster::cli {

/// [{"name", "description", "columns": [{"name", "unit", "values": [...]}]}]; NaN is null.
Value to_json(std::vector<Table> const& tables);

}  // namespace muster::cli
