// Baseline entry points: each picks the copy of its body that this CPU runs.
#include "kernels/isa.hpp"
#include "kernels/isa_tables.hpp"
#include "kernels/price/paths.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::kernels {

std::unique_ptr<PathRunner> make_host_paths(PathPlan const& plan) { return MUSTER_DISPATCH(make_paths, plan); }

double exact_exp(double x) { return MUSTER_DISPATCH(scalar_exp, x); }
float exact_exp_single(float x) { return MUSTER_DISPATCH(scalar_exp_single, x); }
double exact_log(double x) { return MUSTER_DISPATCH(scalar_log, x); }
double exact_cos(double x) { return MUSTER_DISPATCH(scalar_cos, x); }
double exact_norm_cdf(double x) { return MUSTER_DISPATCH(scalar_norm_cdf, x); }
double exact_norm_inv(double p) { return MUSTER_DISPATCH(scalar_norm_inv, p); }

std::array<std::uint32_t, 4> exact_words(std::uint64_t seed, std::uint64_t item,
                                         std::uint32_t block, std::uint32_t stream) {
  std::array<std::uint32_t, 4> words{};
  MUSTER_DISPATCH(scalar_words, seed, item, block, stream, words);
  return words;
}

std::array<double, 4> exact_normals(std::uint64_t seed, std::uint64_t item, std::uint32_t block,
                                    std::uint32_t stream) {
  std::array<double, 4> normals{};
  MUSTER_DISPATCH(scalar_normals, exact_words(seed, item, block, stream), normals);
  return normals;
}

}  // namespace muster::kernels
