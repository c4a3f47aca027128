#include "topology/budget.hpp"

#include <gtest/gtest.h>

namespace muster::topology {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr std::uint64_t mib = std::uint64_t{1} << 20;

Gpu card(std::uint64_t bytes, std::uint64_t free_bytes) {
  Gpu gpu;
  gpu.memory_bytes = bytes;
  gpu.free_bytes = free_bytes;
  gpu.multiprocessors = 16;
  return gpu;
}

TEST(DeviceBudget, IsTheCardsShare) {
  EXPECT_EQ(device_budget(card(4 * gib, 4 * gib), 0).bytes, 3 * gib);
  EXPECT_EQ(device_budget(card(4 * gib, 4 * gib), 0).reason, "75 % of 4 GB");
  EXPECT_EQ(device_budget(card(80 * gib, 80 * gib), 0).bytes, 76 * gib);
  EXPECT_EQ(device_budget(card(80 * gib, 0), 0).bytes, 76 * gib) << "what is free is not known";
}

TEST(DeviceBudget, LeavesAloneWhatOthersHold) {
  auto const budget = device_budget(card(4 * gib, 2 * gib), 0);
  EXPECT_EQ(budget.bytes, 2 * gib - 512 * mib);
  EXPECT_EQ(budget.reason, "2.00 GiB are free, of which 512 MiB stay so");
  EXPECT_EQ(device_budget(card(4 * gib, 100 * mib), 0).bytes, 0U);
}

TEST(DeviceBudget, ObeysAWishButNotAboveTheRule) {
  auto const wished = device_budget(card(80 * gib, 80 * gib), 4'000'000'000);
  EXPECT_EQ(wished.bytes, 4'000'000'000U);
  EXPECT_EQ(wished.reason, "asked for with --device-memory");
  EXPECT_EQ(device_budget(card(4 * gib, 4 * gib), 100 * gib).bytes, 3 * gib);
}

TEST(DeviceBudget, IsSharedByTheRanksOfACard) {
  EXPECT_EQ(device_budget(card(80 * gib, 80 * gib), 0, 4).bytes, 19 * gib);
  EXPECT_EQ(device_budget(card(80 * gib, 80 * gib), 0, 4).reason, "95 % of 80 GB, shared by 4 ranks");
  EXPECT_EQ(device_budget(card(4 * gib, 2 * gib), 0, 2).bytes, 768 * mib);
  EXPECT_EQ(device_budget(card(4 * gib, 2 * gib), 0, 2).reason, "2.00 GiB are free, of which 512 MiB stay so, shared by 2 ranks");
  EXPECT_EQ(device_budget(card(80 * gib, 80 * gib), gib, 4).bytes, gib) << "a wish is each rank's own";
}

TEST(HostBudget, IsWhatCanBeTakenSharedByProcesses) {
  Memory const memory{64 * gib, 32 * gib, 20 * gib};
  EXPECT_EQ(host_budget(memory, 1, 0).bytes, 18 * gib);
  EXPECT_EQ(host_budget(memory, 1, 0).reason, "90 % of the 20.0 GiB that can be taken now");
  EXPECT_EQ(host_budget(memory, 4, 0).bytes, 18 * gib / 4);
  EXPECT_EQ(host_budget(memory, 4, 0).reason, "90 % of the 20.0 GiB that can be taken now, shared by 4 processes");
  EXPECT_EQ(host_budget(memory, 1, 2 * gib).bytes, 2 * gib);
  EXPECT_EQ(host_budget(memory, 1, 2 * gib).reason, "asked for with --memory");
  EXPECT_EQ(host_budget(memory, 1, 200 * gib).bytes, 18 * gib);
}

TEST(HostBudget, WithoutFactsIsTheWishAlone) {
  EXPECT_EQ(host_budget({}, 1, 0).bytes, 0U);
  EXPECT_EQ(host_budget({}, 1, gib).bytes, gib);
}

TEST(ResidentThreads, GoByCapability) {
  auto const threads = [](int major, int minor) {
    Gpu gpu;
    gpu.capability_major = major;
    gpu.capability_minor = minor;
    return resident_threads(gpu);
  };
  EXPECT_EQ(threads(7, 0), 2048);
  EXPECT_EQ(threads(7, 5), 1024);
  EXPECT_EQ(threads(8, 0), 2048);
  EXPECT_EQ(threads(8, 6), 1536);
  EXPECT_EQ(threads(8, 9), 1536);
  EXPECT_EQ(threads(9, 0), 2048);
  EXPECT_EQ(threads(10, 0), 2048);
  EXPECT_EQ(threads(12, 0), 1536);
}

}  // namespace
}  // namespace muster::topology
