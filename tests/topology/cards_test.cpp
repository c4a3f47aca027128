#include "topology/cards.hpp"

#include <gtest/gtest.h>

#include <string>

#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

TEST(Cards, BelongToRowsThatAreThere) {
  for (auto const& card : cards()) {
    SCOPED_TRACE(std::string(card.name));
    EXPECT_EQ(nominal_memory_gb(static_cast<std::uint64_t>(card.reported_mib) << 20), card.memory_gb);
    EXPECT_GT(card.multiprocessors, 0);
    EXPECT_EQ(card.nvlinks > 0, card.fabric != Fabric::pcie);
    EXPECT_EQ(find_profile(card.name, card.memory_gb).has_value(), !card.row.empty());
    if (card.row.empty()) continue;
    auto const profile = find_profile(card.name, card.memory_gb);
    EXPECT_EQ(profile->name, card.row);
    EXPECT_EQ(profile->capability, card.capability);
  }
}

TEST(Cards, AreFoundByTheDriversName) {
  EXPECT_EQ(find_card("NVIDIA GeForce RTX 4070 Ti SUPER")->memory_gb, 16);
  EXPECT_EQ(find_card("nvidia geforce rtx 3080", 12)->multiprocessors, 70);
  EXPECT_EQ(find_card("nvidia geforce rtx 3080", 10)->multiprocessors, 68);
  EXPECT_EQ(find_card("NVIDIA GeForce RTX 4070 Ti SUPER Extreme"), nullptr);
  EXPECT_EQ(find_card(""), nullptr);
}

TEST(Cards, AreFoundByWhatPeopleCallThem) {
  struct Case { char const* said; char const* name; int memory_gb; };
  for (auto const& [said, name, memory_gb] :
       {Case{"A100-80GB", "NVIDIA A100-SXM4-80GB", 80}, Case{"A100", "NVIDIA A100-SXM4-40GB", 40},
        Case{"a100 80 GB", "NVIDIA A100-SXM4-80GB", 80}, Case{"A100 PCIe", "NVIDIA A100-PCIE-40GB", 40},
        Case{"A100-PCIe-80GB", "NVIDIA A100 80GB PCIe", 80}, Case{"H100", "NVIDIA H100 80GB HBM3", 80},
        Case{"H100 SXM5", "NVIDIA H100 80GB HBM3", 80}, Case{"H100 PCIe", "NVIDIA H100 PCIe", 80},
        Case{"H100 NVL", "NVIDIA H100 NVL", 94}, Case{"RTX 3090", "NVIDIA GeForce RTX 3090", 24},
        Case{"3090", "NVIDIA GeForce RTX 3090", 24}, Case{"rtx-3080 12GB", "NVIDIA GeForce RTX 3080", 12},
        Case{"RTX 3080 Ti", "NVIDIA GeForce RTX 3080 Ti", 12}, Case{"T4", "Tesla T4", 16},
        Case{"V100-32GB", "Tesla V100-SXM2-32GB", 32}, Case{"V100 PCIe", "Tesla V100-PCIE-16GB", 16},
        Case{"GH200", "NVIDIA GH200 480GB", 96}, Case{"NVIDIA GeForce RTX 3050 Laptop GPU",
                                                      "NVIDIA GeForce RTX 3050 Laptop GPU", 4},
        Case{"RTX 4090 Laptop", "NVIDIA GeForce RTX 4090 Laptop GPU", 16}}) {
    auto const* const card = card_meant_by(said);
    ASSERT_NE(card, nullptr) << said;
    EXPECT_EQ(card->name, name) << said;
    EXPECT_EQ(card->memory_gb, memory_gb) << said;
  }
}

TEST(Cards, AreNotGuessed) {
  for (auto const* said : {"", " ", "-", "80GB", "RTX", "RTX Ti", "GPU", "A100-24GB", "RTX 3091", "H100 SXM PCIe", "NVIDIA"})
    EXPECT_EQ(card_meant_by(said), nullptr) << said;
}

TEST(Cards, HaveShortNames) {
  EXPECT_EQ(short_name(*card_meant_by("RTX 3090")), "RTX 3090");
  EXPECT_EQ(short_name(*card_meant_by("RTX 3050 Laptop")), "RTX 3050 Laptop");
  EXPECT_EQ(short_name(*card_meant_by("A100-80GB")), "A100-SXM4-80GB");
  // Every card can be asked for by its short name.
  for (auto const& card : cards()) EXPECT_NE(card_meant_by(short_name(card)), nullptr) << card.name;
}

}  // namespace
}  // namespace muster::topology
