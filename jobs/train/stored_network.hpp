// A trained surrogate as a result holds it.
#pragma once

#include <vector>

namespace muster::jobs::train {

/// How prices become targets: (price - mean) / deviation.
struct TargetScale {
  double mean = 0;
  double deviation = 1;
};

struct StoredNetwork {
  TargetScale scale;
  std::vector<float> parameters;
};

}  // namespace muster::jobs::train
