#include "jobs/price/estimates.hpp"

#include <bit>
#include <cmath>

#include "core/wide.hpp"

namespace muster::jobs::price {
namespace {

/// Exponent of a power of two.
std::int64_t exponent_of(double power) {
  return static_cast<std::int64_t>((std::bit_cast<std::uint64_t>(power) >> 52) & 0x7ffu) - 1023;
}

Int320 limbs(std::span<std::int64_t const> slots, int first, int count) {
  return Int320::from_limbs(slots.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), 32);
}

}  // namespace

Estimate estimate(std::span<std::int64_t const> slots, std::uint64_t count, RowScale const& row) {
  Int320 const n = Int320::from_unsigned(count);
  std::int64_t const s = exponent_of(row.scale);
  Int320 const y = limbs(slots, 0, 2);
  Int320 const var_y = n * limbs(slots, 2, 4) - y * y;  // n^2 times the variance, on the grid
  Int320 const divisor = n * n * (n - Int320(1));
  double const mean = ratio_to_double(y, n, -s);
  auto const plain = [&] { return Estimate{mean, std::sqrt(ratio_to_double(var_y, divisor, -2 * s))}; };
  if (!row.with_control) return plain();
  Int320 const c = limbs(slots, 6, 2);
  Int320 const var_c = n * limbs(slots, 8, 4) - c * c;
  Int320 const cov = n * limbs(slots, 12, 4) - y * c;
  if (var_c.is_zero()) return plain();
  std::int64_t const t = exponent_of(row.control_scale);
  double const beta = ratio_to_double(cov, var_c, t - s);
  double const control = ratio_to_double(c, n, -t);
  auto const residual = multiply(var_y, var_c) - multiply(cov, cov);
  auto const scaled = multiply(var_c, divisor);
  return {mean - beta * (control - row.control_mean), std::sqrt(ratio_to_double(residual, scaled, -2 * s))};
}

}  // namespace muster::jobs::price
