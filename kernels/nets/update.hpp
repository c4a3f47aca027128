// One step of an optimizer over a tensor of parameters, from exact gradient sums.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace muster::kernels::nets {

enum class Optimizer : std::int32_t { adamw, sgd };

/// What a step does to every parameter of a bucket.
struct UpdateRule {
  Optimizer optimizer = Optimizer::adamw;
  double gradient_scale = 1;   ///< from a sum to a gradient
  float learning_rate = 0;
  float keep = 1;              ///< 1 - learning rate * weight decay
  float momentum = 0.9f;       ///< beta 1
  float square_momentum = 0;   ///< beta 2
  float correction = 1;        ///< 1 / (1 - beta 1^t)
  float square_correction = 1; ///< 1 / (1 - beta 2^t)
  float epsilon = 1e-8f;
  float average_keep = 0;      ///< of the moving average of the parameters; 0: the parameters themselves
};

/// A bucket before or after the step; `second` is read by adamw alone.
struct Moments {
  std::span<float const> parameters, first, second, average;
};
struct MomentsOut {
  std::span<float> parameters, first, second, average;
};

/// AdamW as Loshchilov and Hutter 2019, or gradient descent with momentum. IEEE operations alone: the same bits anywhere.
void update(UpdateRule const& rule, std::span<std::int64_t const> sums, Moments const& from, MomentsOut const& to);

/// Squares of a bucket [rows][columns] are added down each column of so many rows: such a chain needs one column alone, so
/// that devices which share a layer's columns add the same chains.
inline constexpr std::size_t square_rows = 256;

/// Adds the chains of such a part from its first column on.
class ChainSum {
 public:
  void add(std::span<double const> chains) {
    for (double const chain : chains) lanes_[count_++ % lanes_.size()] += chain;
  }
  double total() const {
    double sum = 0;
    for (double const lane : lanes_) sum += lane;
    return sum;
  }

 private:
  std::array<double, 8> lanes_{};
  std::size_t count_ = 0;
};

/// Sum of squares of scale * sums, a bucket of so many columns.
double squared_norm(std::span<std::int64_t const> sums, std::size_t columns, double scale);

}  // namespace muster::kernels::nets
