// This instruction set gives the committed bits of every closed form.
#include <gtest/gtest.h>

#include "tests/kernels/closed/goldens.hpp"

namespace {

class ClosedGolden : public testing::TestWithParam<ClosedGoldenBits> {};

TEST_P(ClosedGolden, EveryBitIsTheCommittedOne) {
  int const family = GetParam().family;
  std::uint64_t const all = fold_closed_cases([&](int i) { return muster::kernels::closed_golden(family, i); });
  EXPECT_EQ(all, GetParam().bits) << std::hex << "0x" << all;
}

INSTANTIATE_TEST_SUITE_P(Families, ClosedGolden, testing::ValuesIn(closed_golden_bits));

}  // namespace
