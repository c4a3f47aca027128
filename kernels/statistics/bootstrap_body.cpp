#include "kernels/statistics/bootstrap_body.hpp"

#include "kernels/config.hpp"
#include "kernels/rng/philox.hpp"

MUSTER_KERNELS_BEGIN

namespace {

constexpr std::uint32_t stream_bootstrap = 24;

/// The bar that a uniform number of 64 bits, high and low word, falls on.
std::uint32_t bar_of(std::uint32_t high, std::uint32_t low, std::uint32_t bars) {
  auto const lower = (std::uint64_t{low} * bars) >> 32;
  return static_cast<std::uint32_t>((std::uint64_t{high} * bars + lower) >> 32);
}

}  // namespace

void draw_indices(std::uint64_t seed, std::uint32_t market, std::uint32_t bars, double chance, std::uint32_t* out) {
  PhiloxKeys const keys = philox_keys(seed);
  std::uint32_t at = 0;
  for (std::uint32_t t = 0; t < bars; ++t) {
    std::uint32_t words[4];
    philox(keys, std::uint64_t{market} << 32 | t, 0, stream_bootstrap, words);
    bool const begins = t == 0 || (static_cast<double>(words[0]) + 0.5) * 0x1p-32 < chance;
    at = begins ? bar_of(words[1], words[2], bars) : (at + 1 == bars ? 0 : at + 1);
    out[t] = at;
  }
}

MUSTER_KERNELS_END
