#include "kernels/statistics/bootstrap.hpp"

#include "kernels/isa.hpp"
#include "kernels/isa_tables.hpp"
#include "kernels/scalar_math.hpp"
#include "kernels/statistics/bootstrap_body.hpp"

namespace muster::kernels {
namespace {

constexpr std::uint32_t stream_signs = 25;

}  // namespace

std::vector<std::uint32_t> stationary_indices(std::uint64_t seed, std::uint32_t market, std::uint32_t bars,
                                              double mean_block) {
  std::vector<std::uint32_t> indices(bars);
  MUSTER_DISPATCH(draw_indices, seed, market, bars, 1 / mean_block, indices.data());
  return indices;
}

std::vector<double> random_signs(std::uint64_t seed, std::uint32_t market, std::uint32_t bars) {
  std::vector<double> signs;
  for (std::uint32_t t = 0; t < bars; ++t)
    signs.push_back(exact_words(seed, std::uint64_t{market} << 32 | t, 0, stream_signs)[0] >> 31 == 0 ? 1.0 : -1.0);
  return signs;
}

void demean(std::span<double> returns) {
  double sum = 0;
  for (double r : returns) sum += r;
  double const mean = returns.empty() ? 0 : sum / static_cast<double>(returns.size());
  for (double& r : returns) r -= mean;
}

double rank_p_value(std::int64_t observed, std::span<std::int64_t const> nulls) {
  std::uint64_t reached = 1;
  for (std::int64_t null : nulls) reached += null >= observed ? 1 : 0;
  return static_cast<double>(reached) / static_cast<double>(1 + nulls.size());
}

}  // namespace muster::kernels
