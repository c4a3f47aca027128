// Where networks lie on a device, by precision.
#include <gtest/gtest.h>

#include <string_view>

#include "kernels/nets/device_layout.hpp"

namespace muster::kernels::nets {
namespace {

TEST(DeviceLayout, BfloatTakesLessThanTwoThirdsOfFloat) {
  DevicePlan plan{{{8, 512, 512, 512, 1}}, true, true, {800, 100, 800, 0}, 4096, 8};
  auto const single = device_bytes(plan);
  plan.precision = Precision::bf16;
  auto const half = device_bytes(plan);
  EXPECT_LT(half * 3, single * 2);
  EXPECT_GT(half * 3, single);
}

TEST(DeviceLayout, MatricesOfBfloatLieApartAndInWholePieces) {
  DevicePlan plan{{{5, 33, 7, 1}}, true, true, {}, 100, 1};
  plan.precision = Precision::bf16;
  std::vector<char> block(device_bytes(plan));
  Arena arena(block.data());
  auto const at = lay_out(plan, arena);
  EXPECT_EQ(arena.used(), block.size());
  ASSERT_EQ(at.tensor.trace.size(), 4U);
  EXPECT_EQ(at.tensor.trace[0].stride, 16U);  // two numbers an input
  EXPECT_EQ(at.tensor.trace[1].stride, 40U);
  EXPECT_GE(at.tensor.trace[1].slope - at.tensor.trace[1].value, 100 * 40);
  EXPECT_EQ(at.trace[1].value, nullptr);  // hidden layers are in bf16 alone
  EXPECT_NE(at.trace[3].value, nullptr);
}

TEST(DeviceLayout, OldDevicesHaveNoBfloat) {
  EXPECT_EQ(refusal_of(Precision::fp32, 6), nullptr);
  EXPECT_EQ(refusal_of(Precision::bf16, 8), nullptr);
  ASSERT_NE(refusal_of(Precision::bf16, 7), nullptr);
  EXPECT_EQ(std::string_view(refusal_of(Precision::bf16, 7)),
            "its tensor cores have no bf16, which begins at compute capability 8.0; choose precision fp32");
}

}  // namespace
}  // namespace muster::kernels::nets
