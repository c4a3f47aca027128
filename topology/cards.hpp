// The names NVIDIA's driver gives its cards, and what each name says about the card.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::topology {

/// How several cards of one name usually sit in one machine.
enum class Fabric {
  pcie,      ///< nothing but PCIe between them
  switched,  ///< NVLink through switches: every pair at full rate
  mesh,      ///< NVLink from card to card in quads (V100)
};

/// One name of the driver in one memory size.
struct Card {
  std::string_view name;  ///< as NVML gives it: "NVIDIA A100-SXM4-80GB"
  std::string_view row;   ///< its profile, "A100"; empty = placed by memory, SMs and capability
  int memory_gb = 0;      ///< nominal
  int reported_mib = 0;   ///< what NVML gives as the total
  int multiprocessors = 0;
  int capability = 0;     ///< times ten, 86 = sm_86
  Fabric fabric = Fabric::pcie;
  int nvlinks = 0;        ///< links of one card in that fabric
};

std::span<Card const> cards();

/// The card of a driver's name, letter case aside; of several memory sizes the nearest to
/// `memory_gb`, or the first when that is 0. nullptr for a name that is not in the table.
Card const* find_card(std::string_view driver_name, int memory_gb = 0);

/// The card a person means by "A100-80GB", "rtx 3090" or "H100 PCIe": every word must stand in its
/// name, or be its memory or its socket; the first such in the table. nullptr for none.
Card const* card_meant_by(std::string_view words);

/// What people call it: "RTX 3090", "A100-SXM4-80GB".
std::string short_name(Card const& card);

/// Upper-case words: "Tesla V100-SXM2-32GB" -> TESLA V100 SXM2 32GB.
std::vector<std::string> words_of(std::string_view name);

}  // namespace muster::topology
