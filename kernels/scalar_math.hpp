// muster's own functions for set-up code outside the kernels: libm's differ between machines.
#pragma once

#include <array>
#include <cstdint>

namespace muster::kernels {

/// As kernels/math/exp.hpp, log.hpp and normal.hpp, the same bits everywhere.
double exact_exp(double x);
float exact_exp_single(float x);
double exact_log(double x);
double exact_cos(double x);
double exact_norm_cdf(double x);
double exact_norm_inv(double p);

/// The random words of one counter under a seed, as kernels/rng/philox.hpp, and the four normals
/// that kernels/rng/normal.hpp makes of them.
std::array<std::uint32_t, 4> exact_words(std::uint64_t seed, std::uint64_t item,
                                         std::uint32_t block, std::uint32_t stream);
std::array<double, 4> exact_normals(std::uint64_t seed, std::uint64_t item, std::uint32_t block,
                                    std::uint32_t stream);

}  // namespace muster::kernels
