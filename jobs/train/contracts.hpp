// The contracts that a surrogate learns, drawn by key, and how the network sees them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/train/params.hpp"
#include "kernels/nets/labels.hpp"

namespace muster::jobs::train {

/// One number that the network is given: x in its own unit becomes (x - middle) / half.
struct Input {
  std::string name;
  std::string unit;
  double middle = 0;
  double half = 1;
  int slope = -1;          ///< which of Label::slopes is the derivative by it; -1: it has none
  std::string slope_name;  ///< "delta"
  std::string slope_unit;
};

/// In the order of the network's inputs.
std::vector<Input> inputs_of(ContractChoice const& choice);
/// The inputs' values, in their own units.
std::vector<double> values_of(ContractChoice const& choice, kernels::nets::CallContract const& contract);
/// The contract of such values. Throws Error (Exit::user) for values that make none.
kernels::nets::CallContract contract_of(ContractChoice const& choice, std::vector<double> const& values);

/// Contract number `index` of the job, the same whoever asks.
kernels::nets::CallContract draw_contract(ContractChoice const& choice, std::uint64_t seed, std::uint64_t index);

/// Most steps of a path.
std::uint64_t most_steps(ContractChoice const& choice);

/// Random streams of the job's purposes (docs/formats/random.md).
inline constexpr std::uint32_t stream_contracts = 32, stream_paths = 33, stream_weights = 34, stream_dropout = 35;

}  // namespace muster::jobs::train
