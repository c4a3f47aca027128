// Fitness as an integer: a total order that every machine agrees on.
#pragma once

#include <cstdint>

#include "kernels/host_device.hpp"

namespace muster::kernels {

/// Why a genome has no fitness. Each is below every feasible one.
enum class Infeasible : std::uint8_t { unknown, no_trades, zero_variance, not_finite, ruin };
inline constexpr int infeasible_reasons = 5;

namespace detail {
inline constexpr std::int64_t least_fitness = -0x7fffffffffffffff - 1;
}

MUSTER_HD constexpr std::int64_t infeasible(Infeasible reason) {
  return detail::least_fitness + static_cast<std::int64_t>(reason);
}

MUSTER_HD constexpr bool is_feasible(std::int64_t fitness) {
  return fitness >= detail::least_fitness + infeasible_reasons;
}

/// The reason of an infeasible fitness.
MUSTER_HD constexpr Infeasible reason_of(std::int64_t fitness) {
  return static_cast<Infeasible>(fitness - detail::least_fitness);
}

/// The order-preserving integer of a value, higher is better; NaN and infinities are Infeasible::not_finite.
MUSTER_HD std::int64_t fitness_of(double value) {
  double const number = value + 0.0;  // -0 becomes 0
  auto const bits = __builtin_bit_cast(std::int64_t, number);
  bool const finite = (bits & 0x7ff0000000000000) != 0x7ff0000000000000;
  std::int64_t const image = bits < 0 ? bits ^ 0x7fffffffffffffff : bits;
  return finite ? image : infeasible(Infeasible::not_finite);
}

/// The value whose integer this is. Infeasible ones give a NaN.
MUSTER_HD double fitness_value(std::int64_t fitness) {
  return __builtin_bit_cast(double, fitness < 0 ? fitness ^ 0x7fffffffffffffff : fitness);
}

}  // namespace muster::kernels
