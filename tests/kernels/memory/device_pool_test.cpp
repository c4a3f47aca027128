#include "kernels/device_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernels/memory/fake_accelerator.hpp"

namespace muster::kernels {
namespace {

using test::FakeMemory;
using ::testing::HasSubstr;

TEST(DevicePool, OpensItsDeviceWhenFirstAsked) {
  FakeMemory memory{.bytes = 10'000};
  auto const pool = test::fake_pool(memory, {}, 4096);
  EXPECT_FALSE(pool->is_open());
  EXPECT_EQ(memory.opened, 0);
  EXPECT_EQ(pool->room_bytes(), 4096U);
  EXPECT_EQ(memory.opened, 1);
  pool->device();
  EXPECT_EQ(memory.opened, 1);
}

TEST(DevicePool, GivesUpToItsLimitAndRemembersTheMost) {
  FakeMemory memory{.bytes = 10'000};
  auto const pool = test::fake_pool(memory, {}, 4096);
  void* const a = pool->take(1000);
  void* const b = pool->take(3072);
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(pool->use().held_bytes, 4096U) << "whole pieces of 512";
  EXPECT_EQ(pool->take(1), nullptr) << "the device has more, the limit has not";
  EXPECT_EQ(pool->take(SIZE_MAX), nullptr);
  pool->give(a);
  EXPECT_EQ(pool->room_bytes(), 1024U);
  EXPECT_NE(pool->take(1), nullptr);
  EXPECT_EQ(pool->use().high_water_bytes, 4096U);
  EXPECT_EQ(pool->use().limit_bytes, 4096U);
}

TEST(DevicePool, AnswersNullWhenTheDeviceHasNoMore) {
  FakeMemory memory{.bytes = 1024};
  auto const pool = test::fake_pool(memory, {}, UINT64_MAX);
  EXPECT_NE(pool->take(1024), nullptr);
  EXPECT_EQ(pool->take(512), nullptr);
  EXPECT_EQ(pool->use().held_bytes, 1024U);
}

TEST(DevicePool, GivesBackWhatIsLeftAtItsEnd) {
  FakeMemory memory{.bytes = 4096};
  {
    auto const pool = test::fake_pool(memory, {}, UINT64_MAX);
    pool->take(2048);
    pool->give(nullptr);
  }
  EXPECT_EQ(memory.held, 0U);
}

TEST(PoolMemory, GoesBackByItselfAndRefusesInWords) {
  FakeMemory memory{.bytes = 4096};
  auto const pool = test::fake_pool(memory, {}, 2048);
  {
    PoolMemory first(*pool, 2048);
    PoolMemory moved = std::move(first);
    EXPECT_NE(moved.at(), nullptr);
    EXPECT_EQ(first.at(), nullptr);
    try {
      PoolMemory more(*pool, 600);
      FAIL();
    } catch (OutOfMemory const& error) {
      EXPECT_EQ(error.code(), Exit::environment);
      EXPECT_THAT(error.what(), HasSubstr("the device has no 600 B more for this job (which holds 2.00 KiB); use"));
    }
    EXPECT_EQ(PoolMemory(*pool, 0).at(), nullptr);
  }
  EXPECT_EQ(memory.held, 0U);
}

}  // namespace
}  // namespace muster::kernels
