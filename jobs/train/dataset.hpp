// Samples as the network sees them: labelled contracts, or windows of bars.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "jobs/train/params.hpp"
#include "kernels/nets/labels.hpp"

namespace muster::jobs::train {

/// Samples to learn from come first, then validation, then test. Rows of inputs, targets and slopes are in the network's units.
/// Windows overlap: each is a place among rows, and its own target.
struct Dataset {
  std::uint32_t inputs = 0;
  std::uint32_t outputs = 1;
  float value_weight = 1;            ///< of an output's squared error in the loss
  std::uint32_t row_step = 0;        ///< windows: from a place to the next
  std::vector<std::uint32_t> places; ///< windows: where each begins; empty: rows follow each other
  TargetScale scale;
  std::vector<float> slope_weights;  ///< of each derivative in the loss
  std::vector<float> rows;           ///< [samples][inputs]
  std::vector<float> targets;        ///< [samples]; none of windows
  std::vector<float> slopes;         ///< [samples][inputs]
  std::vector<double> test_values;   ///< inputs of the test samples in their own units, [test samples][inputs]; none of windows
  std::vector<double> prices;        ///< labels of the test samples
  bool knows_slopes = true;          ///< false: those of a file that has none
  std::vector<double> test_slopes;   ///< [test samples][label_slopes]

  float const* row(std::uint64_t i) const {
    return rows.data() + (places.empty() ? i * inputs : std::uint64_t{places[i]} * row_step);
  }
  float const* targets_of(std::uint64_t i) const { return targets.empty() ? row(i) : targets.data() + i * outputs; }
  float const* slopes_of(std::uint64_t i) const { return slopes.data() + i * inputs; }
};

/// The same, whose derivatives count nothing.
std::shared_ptr<Dataset const> without_slopes(Dataset const& set);

/// Of samples with labels.
struct Labelled {
  std::vector<kernels::nets::Label> labels;
  std::function<std::vector<double>(std::uint64_t)> values;  ///< inputs of a sample, in their own units
};
Dataset make_dataset(Params const& params, Labelled const& samples, int threads);

/// From the sums of all labels, [samples][label_sums]. Throws Error (Exit::job_failed) where a sum could not hold a value.
Dataset make_dataset(Params const& params, std::span<std::int64_t const> sums, int threads);

}  // namespace muster::jobs::train
