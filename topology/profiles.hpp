// The table of GPU cards and the tiers: what an "auto" setting is decided by.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "topology/facts.hpp"

namespace muster::topology {

/// By nominal memory: low under 8 GB, mid 8 to under 16, high from 16 on.
enum class Tier { low, mid, high };
std::string_view to_string(Tier tier);

enum class ModelSize { lstm_small, lstm_medium, transformer_small, medium, large, xl, xxl };

/// What a card can do; never inferred from memory.
struct Capabilities {
  bool tf32 = false;
  bool mixed_precision = false;
  bool flash_attention = false;
};

struct Profile {
  std::string_view name;          ///< "RTX 3080"
  int memory_gb = 0;              ///< nominal; a card sold in two sizes has two rows
  int train_batch = 0;            ///< the lower value where the inventory gives a range for one size
  int batch = 0;                  ///< for everything but training
  ModelSize model = ModelSize::medium;
  bool gradient_checkpointing = false;
  Capabilities capabilities;
  double rated = 1;               ///< relative speed, RTX 3050 = 1; only a prior until the card is measured
  int capability = 0;             ///< compute capability, 86 = 8.6
};

std::span<Profile const> profiles();

/// The marketed size in GiB that a card reporting `total_bytes` is sold as: NVML reports a little less.
int nominal_memory_gb(std::uint64_t total_bytes);
Tier tier_of(int nominal_memory_gb);
/// Share of a card's memory a job may take: 0.75 at 4 GB, 0.90 at 24, 0.95 at 80, linear between.
double memory_fraction(int nominal_memory_gb);

/// The row of a card by the name NVML gives it ("NVIDIA GeForce RTX 3080 Ti", "Tesla V100-SXM2-32GB") and its
/// nominal memory; nullopt for a card the table does not know.
std::optional<Profile> find_profile(std::string_view name, int nominal_memory_gb);
/// The same, or a row made from memory, multiprocessors and compute capability.
Profile profile_of(Gpu const& gpu);

}  // namespace muster::topology
