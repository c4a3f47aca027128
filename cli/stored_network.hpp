// The network of a train result.
#pragma once

#include <filesystem>
#include <string>

#include "jobs/train/params.hpp"
#include "jobs/train/stored.hpp"

namespace muster::cli {

struct LoadedNetwork {
  std::string result_digest;
  jobs::train::Params params;
  jobs::train::StoredNetwork network;
};

/// Throws Error (Exit::user) for what is no result of a train job, or of one that makes no surrogate.
LoadedNetwork load_network(std::filesystem::path const& result);

}  // namespace muster::cli
