// A trained network out of a result's tables.
#pragma once

#include <string_view>
#include <vector>

#include "core/table.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// Throws Error (Exit::user) for tables that are not those of such a job.
StoredNetwork stored_network(Params const& params, std::vector<Table> const& tables);

/// Inputs [rows][inputs] with the network's prices and Greeks (outputs.hpp), in double precision, one table.
Table predictions_table(Params const& params, StoredNetwork const& network, std::vector<double> const& values);

}  // namespace muster::jobs::train
