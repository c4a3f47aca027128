// The stored network that a job goes on from.
#pragma once

#include <filesystem>
#include <string>

#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// Of the job whose result it was.
struct Start {
  ContractChoice contract;
  NetworkChoice network;
  StoredNetwork stored;
};

/// Throws Error (Exit::user) for a file that holds no surrogate.
Start open_start(std::filesystem::path const& file);

/// SHA-256 of the scale and the parameters.
std::string network_digest(StoredNetwork const& network);

/// What its network saw that one of `choice` does not, for people: "spot from 0.5 to 1.5, here from 0.7 to 1.3"; empty: it saw the
/// same inputs in the same units.
std::string other_inputs(ContractChoice const& taught, ContractChoice const& choice);

}  // namespace muster::jobs::train
