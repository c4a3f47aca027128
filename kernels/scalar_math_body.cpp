#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"
#include "kernels/math/normal.hpp"
#include "kernels/math/trig.hpp"
#include "kernels/rng/normal.hpp"
#include "kernels/rng/philox.hpp"
#include "kernels/scalar_math.hpp"

MUSTER_KERNELS_BEGIN

double scalar_exp(double x);
float scalar_exp_single(float x);
double scalar_log(double x);
double scalar_cos(double x);
double scalar_norm_cdf(double x);
double scalar_norm_inv(double p);
void scalar_normals(std::array<std::uint32_t, 4> const& words, std::array<double, 4>& normals);
void scalar_words(std::uint64_t seed, std::uint64_t item, std::uint32_t block,
                  std::uint32_t stream, std::array<std::uint32_t, 4>& words);
double scalar_exp(double x) { return exp(x); }
float scalar_exp_single(float x) { return exp(x); }
double scalar_log(double x) { return log(x); }
double scalar_cos(double x) { return cos(x); }
double scalar_norm_cdf(double x) { return norm_cdf(x); }
double scalar_norm_inv(double p) { return norm_inv(p); }

void scalar_words(std::uint64_t seed, std::uint64_t item, std::uint32_t block,
                  std::uint32_t stream, std::array<std::uint32_t, 4>& words) {
  std::uint32_t drawn[4];
  philox(philox_keys(seed), item, block, stream, drawn);
  for (std::size_t i = 0; i < 4; ++i) words[i] = drawn[i];
}

void scalar_normals(std::array<std::uint32_t, 4> const& words, std::array<double, 4>& normals) {
  double made[4];
  block_normals(words[0], words[1], words[2], words[3], made);
  for (std::size_t i = 0; i < 4; ++i) normals[i] = made[i];
}

MUSTER_KERNELS_END
