// How well an autoencoder gives windows back, beside principal components.
#pragma once

#include <string>
#include <vector>

#include "core/table.hpp"
#include "jobs/encoder.hpp"
#include "jobs/train/network.hpp"
#include "jobs/train/windows.hpp"

namespace muster::jobs::train {

/// The tables `reconstruction`, of several networks `runs`, `components`, `latents`, `scaling`, `spans` and `symbols`.
std::vector<Table> reconstruction_tables(Params const& params, Network const& network, Windows const& windows);

/// The table `reconstruction` for the terminal.
std::string reconstruction_text(Table const& reconstruction);
/// Mean and spread of what several networks miss; nothing of one.
std::string missed_text(Table const* runs, Table const& reconstruction);

}  // namespace muster::jobs::train
