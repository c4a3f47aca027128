// Features of bars by the autoencoder of a result.
#pragma once

#include <string>
#include <vector>

#include "core/table.hpp"
#include "io/feature_file.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// `tables` and `digest` are those of a result of `params`. Throws Error (Exit::user) for bars of another interval or with symbols
/// that the network was not trained on, and for tables that are not those of such a job.
io::FeatureFile features_of(Params const& params, std::vector<Table> const& tables, std::string const& digest, io::Bars const& bars);

}  // namespace muster::jobs::train
