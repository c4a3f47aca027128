// How different genomes are: where genes lie in their ranges, in integers.
#pragma once

#include <cstdint>

#include "kernels/evolve/view.hpp"
#include "kernels/host_device.hpp"

namespace muster::kernels {

/// Where a value lies in its gene's range, in 2^20ths.
class GenePlace {
 public:
  GenePlace() = default;
  MUSTER_HD explicit GenePlace(GeneRange const& range) : low_(range.low), scale_(range.width > 0 ? 0x1p20 / range.width : 0) {}
  MUSTER_HD std::int32_t operator()(double value) const { return static_cast<std::int32_t>((value - low_) * scale_); }

 private:
  double low_ = 0, scale_ = 0;
};

/// The diversity of so many slots of `wide` genes that have a width, from the sum of |place - mean place|.
MUSTER_HD std::uint64_t spread_millionths(std::uint64_t deviation, std::uint64_t wide, std::uint64_t slots) {
  if (wide == 0) return 0;
  unsigned __int128 const full = static_cast<unsigned __int128>(wide * slots) << 20;
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(deviation) * 4'000'000 / full);
}

/// What the mutation rate's level does: it rises below a tenth of an even spread, falls above three tenths.
MUSTER_HD std::int32_t step_for_spread(std::uint64_t millionths) { return millionths < 100'000 ? 1 : (millionths > 300'000 ? -1 : 0); }

/// Rechenberg's rule: the rate rises while more than one child in five succeeds.
MUSTER_HD std::int32_t step_for_success(std::uint64_t succeeded, std::uint64_t size) { return 5 * succeeded > size ? 1 : -1; }

MUSTER_HD std::int32_t moved_level(std::int32_t level, std::int32_t by, std::int32_t most) {
  std::int32_t const to = level + by;
  return to > most ? most : (to < -most ? -most : to);
}

/// Numbers that are added in order at a time: so many of them, then so many of such sums, and so on. So a mean is the same from any
/// threads, and its rounding grows with the logarithm of the count.
inline constexpr std::uint64_t mean_group = 64;

}  // namespace muster::kernels
