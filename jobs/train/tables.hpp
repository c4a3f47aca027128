// What a train job returns.
#pragma once

#include <string>
#include <vector>

#include "core/table.hpp"
#include "jobs/train/network.hpp"
#include "jobs/train/windows.hpp"

namespace muster::jobs::train {

/// Of a surrogate.
std::vector<Table> make_tables(Params const& params, Network const& network);
/// Of an autoencoder.
std::vector<Table> make_tables(Params const& params, Network const& network, Windows const& windows);
/// For the line of progress: "step 12 of 960, loss 0.0123, best validation 0.0098".
std::string progress_text(Params const& params, Network const& network);
std::string make_summary(Params const& params, std::vector<Table> const& tables);

}  // namespace muster::jobs::train
