#include "topology/profiles.hpp"

#include <gtest/gtest.h>

#include <string>

namespace muster::topology {
namespace {

constexpr std::uint64_t mib = 1ULL << 20;

struct InventoryRow {
  char const* driver_name;  ///< as NVML gives it
  int reported_mib;         ///< as NVML gives it
  int memory_gb, train_batch, batch;
  char const* models;
  char const* features;
  double rated;
};

constexpr char const* all = "mixed precision, TF32, flash attention, tensor cores, tuned kernels";

// The thirteen cards of the inventory, each size; the memory is what drivers report.
constexpr InventoryRow inventory[] = {
    {"NVIDIA GeForce RTX 3050 Laptop GPU", 4096, 4, 16, 16, "LSTM, small net", "gradient checkpointing, mixed precision", 1},
    {"NVIDIA GeForce RTX 3060", 12288, 12, 48, 48, "LSTM, medium net", "mixed precision, TF32", 3},
    {"NVIDIA GeForce RTX 3070", 8192, 8, 32, 32, "LSTM, small transformer", "gradient checkpointing, mixed precision, TF32", 5},
    {"NVIDIA GeForce RTX 3080", 10240, 10, 48, 48, "medium transformer", "mixed precision, TF32", 10},
    {"NVIDIA GeForce RTX 3080 Ti", 12288, 12, 64, 64, "medium transformer", "mixed precision, TF32", 10},
    {"NVIDIA GeForce RTX 3090", 24576, 24, 96, 128, "large transformer", all, 20},
    {"NVIDIA GeForce RTX 4070 SUPER", 12282, 12, 64, 64, "medium transformer", "TF32, tuned kernels", 15},
    {"NVIDIA GeForce RTX 4080", 16376, 16, 96, 96, "large transformer", "TF32, flash attention", 25},
    {"NVIDIA GeForce RTX 4090", 24564, 24, 128, 256, "XL transformer", all, 40},
    {"Tesla T4", 15360, 16, 32, 32, "medium", "none", 8},
    {"Tesla V100-SXM2-16GB", 16160, 16, 64, 64, "large", "mixed precision, tensor cores", 30},
    {"Tesla V100-PCIE-32GB", 32510, 32, 128, 128, "large", "mixed precision, tensor cores", 30},
    {"NVIDIA A10", 23028, 24, 64, 64, "large", "mixed precision, TF32", 20},
    {"NVIDIA A40", 46068, 48, 128, 256, "XL", all, 50},
    {"NVIDIA A100-SXM4-40GB", 40536, 40, 256, 256, "XXL", all, 100},
    {"NVIDIA A100 80GB PCIe", 81251, 80, 512, 512, "XXL", all, 100},
};

TEST(Profiles, HoldTheInventory) {
  for (auto const& row : inventory) {
    SCOPED_TRACE(row.driver_name);
    auto const gb = nominal_memory_gb(static_cast<std::uint64_t>(row.reported_mib) * mib);
    EXPECT_EQ(gb, row.memory_gb);
    auto const profile = find_profile(row.driver_name, gb);
    ASSERT_TRUE(profile);
    EXPECT_EQ(profile->memory_gb, row.memory_gb);
    EXPECT_EQ(profile->train_batch, row.train_batch);
    EXPECT_EQ(profile->batch, row.batch);
    EXPECT_EQ(profile->rated, row.rated);
    EXPECT_EQ(profile->models, row.models);
    EXPECT_EQ(to_string(profile->features), row.features);
  }
}

TEST(Profiles, NeverSwitchOnWhatACardLacks) {
  for (auto const& row : profiles()) {
    SCOPED_TRACE(std::string(row.name));
    EXPECT_TRUE(!row.features.mixed_precision || row.capability >= 70);
    EXPECT_TRUE(!row.features.tf32 || row.capability >= 80);
    EXPECT_TRUE(!row.features.flash_attention || row.capability >= 80);
    EXPECT_TRUE(!row.features.tensor_cores || row.capability >= 70);
    EXPECT_LE(row.train_batch, row.batch);
  }
}

TEST(Profiles, KnowNewerCards) {
  struct Card { char const* name; int reported_mib; int memory_gb; };
  for (auto const& card : {Card{"NVIDIA L4", 23034, 24}, Card{"NVIDIA L40S", 46068, 48},
                           Card{"NVIDIA GeForce RTX 5070", 12227, 12}, Card{"NVIDIA GeForce RTX 5080", 16303, 16},
                           Card{"NVIDIA GeForce RTX 5090", 32607, 32}, Card{"NVIDIA H100 80GB HBM3", 81559, 80},
                           Card{"NVIDIA H100 NVL", 95830, 94}, Card{"NVIDIA H200", 143771, 141},
                           Card{"NVIDIA GH200 480GB", 97871, 96}, Card{"NVIDIA B200", 183359, 180}}) {
    SCOPED_TRACE(card.name);
    auto const gb = nominal_memory_gb(static_cast<std::uint64_t>(card.reported_mib) * mib);
    EXPECT_EQ(gb, card.memory_gb);
    ASSERT_TRUE(find_profile(card.name, gb));
  }
}

TEST(Profiles, DoNotTakeOneCardForAnother) {
  EXPECT_FALSE(find_profile("NVIDIA RTX A4000", 16));
  EXPECT_FALSE(find_profile("NVIDIA A100X", 80));  // its own card, its own rates
  EXPECT_FALSE(find_profile("NVIDIA GeForce RTX 2080 Ti", 11));
  EXPECT_FALSE(find_profile("", 8));
  EXPECT_EQ(find_profile("NVIDIA A10G", 24)->name, "A10");
  EXPECT_EQ(find_profile("NVIDIA H200", 141)->name, "H200");
  EXPECT_EQ(find_profile("NVIDIA GH200 480GB", 96)->name, "GH200");
}

TEST(Profiles, ShrinkBatchesWithMemory) {
  auto const small = find_profile("NVIDIA GeForce RTX 3060", 8);  // sold with 8 GB too
  ASSERT_TRUE(small);
  EXPECT_EQ(small->memory_gb, 8);
  EXPECT_EQ(small->batch, 32);
}

TEST(Profiles, PlaceAnUnknownCardByItsFacts) {
  Gpu gpu;
  gpu.name = "NVIDIA RTX A4000";
  gpu.memory_bytes = 16376 * mib;
  gpu.multiprocessors = 48;
  gpu.capability_major = 8;
  gpu.capability_minor = 6;
  auto const placed = profile_of(gpu);
  EXPECT_EQ(placed.name, "unlisted");
  EXPECT_EQ(placed.memory_gb, 16);
  EXPECT_EQ(placed.batch, 64);
  EXPECT_TRUE(placed.features.tf32);
  // Between the RTX 4070 and 3070 in multiprocessors; of its own generation the A10 is nearest.
  EXPECT_GT(placed.rated, 5);
  EXPECT_LT(placed.rated, 20);
  gpu.capability_major = 6;
  gpu.capability_minor = 1;
  EXPECT_EQ(to_string(profile_of(gpu).features), "none");
}

TEST(NominalMemory, KeepsOddSizes) {
  EXPECT_EQ(nominal_memory_gb(4864 * mib), 5);    // a MIG slice
  EXPECT_EQ(nominal_memory_gb(9856 * mib), 10);
  EXPECT_EQ(nominal_memory_gb(0), 0);
  EXPECT_EQ(nominal_memory_gb(300ULL << 30), 300);
}

TEST(Tiers, GoByNominalMemory) {
  EXPECT_EQ(tier_of(4), Tier::low);
  EXPECT_EQ(tier_of(7), Tier::low);
  EXPECT_EQ(tier_of(8), Tier::mid);
  EXPECT_EQ(tier_of(15), Tier::mid);
  EXPECT_EQ(tier_of(16), Tier::high);
}

TEST(MemoryFraction, IsLinearBetweenItsPoints) {
  EXPECT_DOUBLE_EQ(memory_fraction(2), 0.75);
  EXPECT_DOUBLE_EQ(memory_fraction(4), 0.75);
  EXPECT_DOUBLE_EQ(memory_fraction(14), 0.825);
  EXPECT_DOUBLE_EQ(memory_fraction(24), 0.90);
  EXPECT_DOUBLE_EQ(memory_fraction(52), 0.925);
  EXPECT_DOUBLE_EQ(memory_fraction(80), 0.95);
  EXPECT_DOUBLE_EQ(memory_fraction(141), 0.95);
}

}  // namespace
}  // namespace muster::topology
