// The committed bits of every family of golden_cases.hpp; a change raises arithmetic_version.
#pragma once

#include <cstdint>

#include "tests/kernels/closed/golden_cases.hpp"

struct ClosedGoldenBits {
  int family;
  std::uint64_t bits;
};

inline constexpr ClosedGoldenBits closed_golden_bits[] = {
    {muster::kernels::golden_black_scholes, 0x1c1a798080a31223},
    {muster::kernels::golden_implied, 0x26191543234632f6},
    {muster::kernels::golden_vanilla, 0x82683318ab12d5ae},
    {muster::kernels::golden_geometric, 0xeef6ff57779d71f},
    {muster::kernels::golden_barrier, 0x122dbc0427817df8},
    {muster::kernels::golden_double_barrier, 0xe168b6beb581b3c4},
    {muster::kernels::golden_lookback, 0xdc99be6f43e7f640},
    {muster::kernels::golden_two_asset, 0x6d914490925cfa88},
    {muster::kernels::golden_heston, 0x452aac855e2689cf},
};

/// Folds the cases of one family in order.
template <class Bits>
std::uint64_t fold_closed_cases(Bits bits_of_case) {
  std::uint64_t all = 0;
  for (int i = 0; i < muster::kernels::golden_cases; ++i) all = (all ^ bits_of_case(i)) * 0x100000001b3;
  return all;
}
