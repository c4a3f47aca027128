// What a trained surrogate tells of a contract: its price and Greeks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "jobs/train/contracts.hpp"

namespace muster::jobs::train {

/// The price, its derivative by an input, minus that, or its second derivative by an input.
enum class OutputKind { price, slope, fall, bend };

struct Output {
  std::string name;
  std::string unit;
  OutputKind kind = OutputKind::price;
  std::size_t input = 0;  ///< which one it is a derivative by
};

/// In the order of tables and exports. Theta is minus the derivative by the expiry: of an Asian call all fixings to come move.
std::vector<Output> outputs_of(std::vector<Input> const& inputs);

/// The input that gamma is by.
inline constexpr std::size_t spot_input = 0;

}  // namespace muster::jobs::train
