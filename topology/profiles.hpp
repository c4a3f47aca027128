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

/// What a job may switch on by itself on a card. A card without a capability never has its flag.
struct Features {
  bool gradient_checkpointing = false;
  bool mixed_precision = false;
  bool tf32 = false;
  bool flash_attention = false;
  bool tensor_cores = false;
  bool tuned_kernels = false;
};
/// "mixed precision, TF32"; "none" without any.
std::string to_string(Features const& features);

/// One card in one memory size.
struct Profile {
  std::string_view name;    ///< "RTX 3080"
  int memory_gb = 0;        ///< nominal, in GiB
  int train_batch = 0;      ///< for training
  int batch = 0;            ///< for everything else
  std::string_view models;  ///< "medium transformer"
  Features features;
  double rated = 1;         ///< relative speed, RTX 3050 = 1; a prior until the card is measured
  int capability = 0;       ///< compute capability times ten, 86 = sm_86
  int multiprocessors = 0;
};

/// Cards with a row of their own, one row for each memory size.
std::span<Profile const> profiles();

/// The marketed size in GiB that a card reporting `total_bytes` is sold as: drivers report a little less.
int nominal_memory_gb(std::uint64_t total_bytes);
Tier tier_of(int nominal_memory_gb);
/// Share of a card's memory a job may take: 0.75 at 4 GB, 0.90 at 24, 0.95 at 80, linear between.
double memory_fraction(int nominal_memory_gb);

/// The row of a card by the name its driver gives ("NVIDIA GeForce RTX 3080 Ti", "Tesla V100-SXM2-32GB")
/// and its nominal memory, which the answer carries: with less memory than the row, the batches shrink in
/// proportion. nullopt for a card without a row of its own.
std::optional<Profile> find_profile(std::string_view name, int nominal_memory_gb);
/// The same, or a row made up and named "unlisted": batch and models from memory, features from compute
/// capability, the rating from the multiprocessors at the rate of the row most like it.
Profile profile_of(Gpu const& gpu);

}  // namespace muster::topology
