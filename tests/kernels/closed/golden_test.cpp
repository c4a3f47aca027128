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
                         testing::Values(Golden{golden_black_scholes, 0x209bb1e0b58c8cee},
                                         Golden{golden_implied, 0x26191543234632f6},
                                         Golden{golden_vanilla, 0xee98a63ce967f93b},
                                         Golden{golden_geometric, 0xa572b4c40a718c7d},
                                         Golden{golden_barrier, 0xb4ab4a202697ff47},
                                         Golden{golden_double_barrier, 0x70818128c61a799},
                                         Golden{golden_lookback, 0xa27cf9a022e90702},
                                         Golden{golden_two_asset, 0x38e77ff49cd69506},
                                         Golden{golden_heston, 0x452aac855e2689cf}));

}  // namespace
