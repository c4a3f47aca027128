// Tables of several networks.
#pragma once

#include <vector>

#include "core/table.hpp"
#include "jobs/train/accuracy.hpp"
#include "jobs/train/network.hpp"

namespace muster::jobs::train {

/// Errors of all networks that were taught, run by run; none of one alone.
std::vector<Accuracy> accuracy_of_runs(Params const& params, Network const& network);

/// Of the network that is kept, and of its repeats.
Table accuracy_table(Params const& params, Network const& network, Accuracy const& accuracy, std::vector<Accuracy> const& runs);
Table runs_table(Params const& params, Network const& network, std::vector<Accuracy> const& accuracies);
/// Combinations of a sweep, the best first.
Table sweep_table(Params const& params, Network const& network);

}  // namespace muster::jobs::train
