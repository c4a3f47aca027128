// Small price jobs whose bits are known: what an installation has to compute.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/selftest/line.hpp"
#include "worker/consumers.hpp"

namespace muster::cli::selftest {

struct PriceJob {
  std::string_view name;    ///< "gbm"
  std::string_view text;    ///< a job file
  std::string_view digest;  ///< SHA-256 of its tile digests in order, 64 hex digits
};

/// One a precision, with another model each.
std::span<PriceJob const> price_jobs();

struct Computed {
  std::string digest;
  double path_steps = 0;
  double seconds = 0;
};
/// Computes all tiles on these devices. Throws what a tile or a device does, and Error (Exit::stopped).
Computed compute(PriceJob const& job, worker::Consumption const& devices);

/// Compares the digest with the job's.
Line judge(std::string check, PriceJob const& job, Computed const& computed);

}  // namespace muster::cli::selftest
