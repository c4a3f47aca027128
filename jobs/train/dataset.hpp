// Labelled contracts as the network sees them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// How prices become targets: (price - mean) / deviation.
struct TargetScale {
  double mean = 0;
  double deviation = 1;
};

/// Samples to learn from come first, then validation, then test. Rows of inputs, targets and slopes are in the network's units.
struct Dataset {
  std::uint32_t inputs = 0;
  TargetScale scale;
  std::vector<float> slope_weights;  ///< of each derivative in the loss
  std::vector<float> rows;           ///< [samples][inputs]
  std::vector<float> targets;        ///< [samples]
  std::vector<float> slopes;         ///< [samples][inputs]
  std::vector<double> prices;        ///< labels of the test samples
  std::vector<double> test_slopes;   ///< [test samples][label_slopes]

  float const* row(std::uint64_t i) const { return rows.data() + i * inputs; }
  float const* slopes_of(std::uint64_t i) const { return slopes.data() + i * inputs; }
};

std::uint64_t sample_count(DataChoice const& data);

/// From the sums of all labels, [samples][label_sums]. Throws Error (Exit::job_failed) where a sum could not hold a value.
Dataset make_dataset(Params const& params, std::span<std::int64_t const> sums, int threads);

/// Number of the sample at a place of an epoch's order: a permutation drawn by (seed, epoch).
std::uint64_t shuffled(std::uint64_t place, std::uint64_t count, std::uint64_t seed, std::uint64_t epoch);

}  // namespace muster::jobs::train
