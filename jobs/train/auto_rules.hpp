// What a train job's "auto" settings become. The tables stand in docs/jobs/train.md.
#pragma once

#include <cstdint>

#include "jobs/train/params.hpp"
#include "topology/profiles.hpp"

namespace muster::jobs::train {

std::uint64_t auto_samples(topology::Tier tier);
std::uint64_t auto_epochs(topology::Tier tier);
/// Networks of some 0.1, 1 and 10 million parameters.
std::uint64_t auto_width(topology::Tier tier);
std::uint64_t auto_layers(topology::Tier tier);
/// Of an autoencoder.
std::uint64_t auto_latent(topology::Tier tier);
std::uint64_t auto_depth(topology::Tier tier);
std::uint64_t auto_first_width(topology::Tier tier);
std::uint64_t auto_window_batch(topology::Tier tier);
/// The tier's, and at most some 20 000 steps.
std::uint64_t auto_window_epochs(topology::Tier tier, std::uint64_t windows, std::uint64_t batch);
/// So that a tile takes a core some tens of milliseconds.
std::uint64_t auto_tile_samples(Params const& params);
/// A million, or what costs no more than the training where that is more than some seconds of a core.
std::uint64_t auto_grid(Params const& params);

}  // namespace muster::jobs::train
