// The committed bits of every closed form; a change of any of them changes arithmetic_version.
#include <gtest/gtest.h>

#include "tests/kernels/closed/golden_cases.hpp"

namespace {

using namespace muster::kernels;

struct Golden {
  int family;
  std::uint64_t bits;
};

class ClosedGolden : public testing::TestWithParam<Golden> {};

TEST_P(ClosedGolden, EveryBitIsTheCommittedOne) {
  std::uint64_t all = 0;
  for (int i = 0; i < golden_cases; ++i) all = (all ^ closed_golden(GetParam().family, i)) * 0x100000001b3;
  EXPECT_EQ(all, GetParam().bits) << std::hex << "0x" << all;
}

INSTANTIATE_TEST_SUITE_P(Families, ClosedGolden,
                         testing::Values(Golden{golden_black_scholes, 0x0},
                                         Golden{golden_implied, 0x1},
                                         Golden{golden_vanilla, 0x2},
                                         Golden{golden_geometric, 0x3},
                                         Golden{golden_barrier, 0x4},
                                         Golden{golden_double_barrier, 0x5},
                                         Golden{golden_lookback, 0x6},
                                         Golden{golden_two_asset, 0x7},
                                         Golden{golden_heston, 0x8}));

}  // namespace
