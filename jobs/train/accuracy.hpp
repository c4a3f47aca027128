// How far a network is from the truth on contracts it has not seen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/train/network.hpp"

namespace muster::jobs::train {

/// Prices and derivatives of rows of inputs in their own units.
struct Prediction {
  std::vector<double> prices;  ///< strikes
  std::vector<double> slopes;  ///< [rows][inputs], each price a unit of the input
};
Prediction predict(Params const& params, TargetScale const& scale, std::vector<float> const& parameters, std::vector<double> const& values);

struct Figure {
  std::string name;
  std::string unit;
  double value = 0;
  std::string help;
};

/// A test sample, for people.
struct Example {
  std::vector<double> values;
  double reference = 0, predicted = 0;
  double reference_delta = 0, predicted_delta = 0;
};

struct Accuracy {
  std::vector<Figure> figures;
  std::vector<Example> examples;
  bool knows_slopes = true;  ///< false: only prices have a truth
};
/// Of a network with these parameters, on the data of `network`.
Accuracy accuracy_of(Params const& params, Network const& network, std::vector<float> const& parameters);

}  // namespace muster::jobs::train
