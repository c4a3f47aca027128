// From exact sums to means and standard errors: integers to the end, each number rounded once.
#pragma once

#include <cstdint>
#include <span>

namespace muster::jobs::price {

struct Estimate {
  double mean = 0;
  double standard_error = 0;
};

/// The scales and the control of one row of sums.
struct RowScale {
  double scale = 1;
  double control_scale = 1;
  bool with_control = false;
  double control_mean = 0;  ///< exact expectation of the control
};

/// Mean and standard error of the row over `count` items (>= 2) from its slots (kernels/sums/slots.hpp),
/// already normalised. With a control: y - beta (c - E c), beta = cov / var from the same exact sums, and
/// the standard error from the residual variance, (var y var c - cov^2) / var c, as one exact quotient.
Estimate estimate(std::span<std::int64_t const> slots, std::uint64_t count, RowScale const& row);

}  // namespace muster::jobs::price
