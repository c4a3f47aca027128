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

TEST(DeviceLayout, MembersKeepEachColumnOnce) {
  for (std::uint32_t const width : {1u, 8u, 31u, 32u, 300u, 1472u})
    for (std::uint32_t const members : {1u, 2u, 3u, 8u}) {
      std::uint32_t next = 0;
      for (std::uint32_t m = 0; m < members; ++m) {
        auto const slice = slice_of(width, m, members);
        EXPECT_EQ(slice.first, next);
        EXPECT_EQ(slice.first % 32, slice.count == 0 ? slice.first % 32 : 0);
        next += slice.count;
      }
      EXPECT_EQ(next, width);
    }
  EXPECT_EQ(slice_of(1472, 1, 2).count, 736u);
}

TEST(DeviceLayout, MembersShareANetworksMemory) {
  DevicePlan plan{{{8, 4096, 4096, 4096, 1}}, false, false, {}, 256, 8};
  auto const alone = device_bytes(plan);
  std::size_t parameters = 0;
  plan.members = 4;
  for (plan.member = 0; plan.member < 4; ++plan.member) {
    EXPECT_LT(device_bytes(plan) * 7, alone * 2) << plan.member;
    Arena counting;
    parameters += lay_out(plan, counting).parameter_count;
  }
  EXPECT_EQ(parameters, parameter_count(plan.shape));
}

TEST(DeviceLayout, OldDevicesHaveNoBfloat) {
  EXPECT_EQ(refusal_of(Precision::fp32, 6), nullptr);
  EXPECT_EQ(refusal_of(Precision::bf16, 8), nullptr);
  ASSERT_NE(refusal_of(Precision::bf16, 7), nullptr);
  EXPECT_EQ(std::string_view(refusal_of(Precision::bf16, 7)),
            "its tensor cores do not multiply bf16, or so much fp16 at once, which begins at compute capability 8.0; choose precision fp32");
}

}  // namespace
}  // namespace muster::kernels::nets
