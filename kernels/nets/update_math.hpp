// One step of an optimizer for one parameter, and of a squared norm for one sum: the same text for CPUs and GPUs.
#pragma once

#include "kernels/math/base.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/nets/exact_gradient.hpp"
#include "kernels/nets/net_body.hpp"

MUSTER_NETS_BEGIN

MUSTER_FN float gradient_of(UpdateRule const& rule, std::int64_t sum) { return static_cast<float>(to_double(sum) * rule.gradient_scale); }

MUSTER_FN float adamw_first(UpdateRule const& rule, float first, float gradient) {
  return fma(rule.momentum, first, (1.0f - rule.momentum) * gradient);
}
MUSTER_FN float adamw_second(UpdateRule const& rule, float second, float gradient) {
  return fma(rule.square_momentum, second, (1.0f - rule.square_momentum) * (gradient * gradient));
}
MUSTER_FN float adamw_direction(UpdateRule const& rule, float first, float second) {
  return (first * rule.correction) / (sqrt(second * rule.square_correction) + rule.epsilon);
}
MUSTER_FN float sgd_first(UpdateRule const& rule, float first, float gradient) { return fma(rule.momentum, first, gradient); }

MUSTER_FN float moved(UpdateRule const& rule, float parameter, float direction) {
  return fma(-rule.learning_rate, direction, parameter * rule.keep);
}
MUSTER_FN float averaged(UpdateRule const& rule, float average, float parameter) {
  return fma(rule.average_keep, average - parameter, parameter);
}

/// Of parameter `i`, from its sum.
MUSTER_FN void update_one(UpdateRule const& rule, std::int64_t sum, UpdateView const& v, std::size_t i) {
  float const gradient = gradient_of(rule, sum);
  float direction;
  if (rule.optimizer == Optimizer::adamw) {
    v.to_first[i] = adamw_first(rule, v.first[i], gradient);
    v.to_second[i] = adamw_second(rule, v.second[i], gradient);
    direction = adamw_direction(rule, v.to_first[i], v.to_second[i]);
  } else {
    direction = v.to_first[i] = sgd_first(rule, v.first[i], gradient);
  }
  float const p = moved(rule, v.parameters[i], direction), average = v.average[i];
  v.to_parameters[i] = p;
  v.to_average[i] = averaged(rule, average, p);
}

/// A chain of squares with that of one more sum.
MUSTER_FN double with_square(std::int64_t sum, double scale, double chain) {
  double const x = to_double(sum) * scale;
  return fma(x, x, chain);
}

MUSTER_NETS_END
