#include "jobs/train/outputs.hpp"

namespace muster::jobs::train {

std::vector<Output> outputs_of(std::vector<Input> const& inputs) {
  std::vector<Output> outputs{{"price", "strikes", OutputKind::price, 0}};
  for (std::size_t j = 0; j < inputs.size(); ++j) {
    if (inputs[j].slope < 0) continue;
    outputs.push_back({inputs[j].slope_name, inputs[j].slope_unit, OutputKind::slope, j});
    if (j == spot_input) outputs.push_back({"gamma", "1/strikes", OutputKind::bend, j});
    if (inputs[j].name == "expiry") outputs.push_back({"theta", inputs[j].slope_unit, OutputKind::fall, j});
  }
  return outputs;
}

}  // namespace muster::jobs::train
