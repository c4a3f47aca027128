// The committed bits of every family of golden_cases.hpp; a change raises arithmetic_version.
#pragma once

#include <cstdint>

#include "tests/kernels/closed/golden_cases.hpp"

struct ClosedGoldenBits {
  int family;
  std::uint64_t bits;
};

inline constexpr ClosedGoldenBits closed_golden_bits[] = {
    {muster::kernels::golden_black_scholes, 0x209bb1e0b58c8cee},
    {muster::kernels::golden_implied, 0x26191543234632f6},
    {muster::kernels::golden_vanilla, 0xee98a63ce967f93b},
    {muster::kernels::golden_geometric, 0xa572b4c40a718c7d},
    {muster::kernels::golden_barrier, 0xb4ab4a202697ff47},
    {muster::kernels::golden_double_barrier, 0x70818128c61a799},
    {muster::kernels::golden_lookback, 0xa27cf9a022e90702},
    {muster::kernels::golden_two_asset, 0x38e77ff49cd69506},
    {muster::kernels::golden_heston, 0x452aac855e2689cf},
};

/// Folds the cases of one family in order.
template <class Bits>
std::uint64_t fold_closed_cases(Bits bits_of_case) {
  std::uint64_t all = 0;
  for (int i = 0; i < muster::kernels::golden_cases; ++i) all = (all ^ bits_of_case(i)) * 0x100000001b3;
  return all;
}
