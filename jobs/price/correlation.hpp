// Correlation matrices: reading, and how far one is from being possible.
#pragma once

#include <cstddef>
#include <vector>

#include "jobs/price/fields.hpp"

namespace muster::jobs::price {

/// The matrix, row-major, from rows or pairs; the identity when nothing is given. Faults (shape,
/// unknown names, a pair twice, asymmetry, a diagonal that is not 1, not positive semi-definite) go
/// to `faults`.
std::vector<double> read_correlation(MarketInput& market, Faults& faults);

/// Smallest eigenvalue of a symmetric matrix (row-major, at most some dozens of rows), by Jacobi's
/// rotations. For diagnostics only: no result depends on it.
double smallest_eigenvalue(std::vector<double> matrix, std::size_t rows);

/// A correlation matrix counts as positive semi-definite when its smallest eigenvalue is above
/// minus this.
inline constexpr double eigenvalue_tolerance = 1e-12;

}  // namespace muster::jobs::price
