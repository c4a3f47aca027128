#include "topology/profiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "topology/cards.hpp"

namespace muster::topology {
namespace {

/// Sizes cards are sold in, GiB.
constexpr std::array marketed_gb{2, 3, 4, 6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 64, 80, 94, 96, 141, 144, 180, 192};

/// The name of the row a driver's name belongs to: by the table of names, else the first row whose name
/// stands in it; empty for none.
std::string_view row_named(std::string_view name) {
  if (auto const* const card = find_card(name)) return card->row;
  auto const words = words_of(name);
  for (auto const& row : profiles()) {
    auto const wanted = words_of(row.name);
    if (std::search(words.begin(), words.end(), wanted.begin(), wanted.end()) != words.end())
      return row.name;
  }
  return {};
}

/// How far a row's memory is from the card's; rows above the card's memory lose to rows below it.
int distance(Profile const& row, int memory_gb) {
  return row.memory_gb <= memory_gb ? memory_gb - row.memory_gb : 1000 + row.memory_gb - memory_gb;
}

/// How unlike a card a row is: factors of memory and multiprocessors between them, as powers of two.
double unlikeness(Profile const& row, int memory_gb, int multiprocessors) {
  auto const factor = [](int a, int b) { return std::abs(std::log2(double(std::max(a, 1)) / std::max(b, 1))); };
  return factor(row.memory_gb, memory_gb) + factor(row.multiprocessors, multiprocessors);
}

/// The row most like a card among those of no newer capability, or of the oldest there are.
Profile const& row_like(int memory_gb, int multiprocessors, int capability) {
  int const oldest = std::min_element(profiles().begin(), profiles().end(), [](auto const& a, auto const& b) {
                       return a.capability < b.capability;
                     })->capability;
  Profile const* best = nullptr;
  for (auto const& row : profiles())
    if (row.capability <= std::max(capability, oldest) &&
        (best == nullptr || unlikeness(row, memory_gb, multiprocessors) <
                                unlikeness(*best, memory_gb, multiprocessors)))
      best = &row;
  return *best;
}

int unlisted_batch(int memory_gb) {
  struct Step { int from_gb, batch; };
  constexpr std::array steps{Step{80, 256}, Step{40, 128}, Step{24, 96}, Step{16, 64}, Step{12, 48}, Step{8, 32}};
  for (auto const step : steps)
    if (memory_gb >= step.from_gb) return step.batch;
  return 16;
}

}  // namespace

std::string_view to_string(Tier tier) {
  switch (tier) {
    case Tier::low: return "low";
    case Tier::mid: return "mid";
    case Tier::high: return "high";
  }
  return "mid";
}

std::string to_string(Features const& features) {
  std::string text;
  auto const add = [&text](bool is_on, std::string_view name) {
    if (is_on) text.append(text.empty() ? "" : ", ").append(name);
  };
  add(features.gradient_checkpointing, "gradient checkpointing");
  add(features.mixed_precision, "mixed precision");
  add(features.tf32, "TF32");
  add(features.flash_attention, "flash attention");
  add(features.tensor_cores, "tensor cores");
  add(features.tuned_kernels, "tuned kernels");
  return text.empty() ? "none" : text;
}

int nominal_memory_gb(std::uint64_t total_bytes) {
  auto const gib = static_cast<int>((total_bytes + (1ULL << 30) - 1) >> 30);
  auto const sold = std::lower_bound(marketed_gb.begin(), marketed_gb.end(), gib);
  // A MIG slice or a card of an odd size keeps the size it reports: rounding it far up would promise
  // memory that is not there.
  if (sold == marketed_gb.end() || *sold * 10 > gib * 11) return gib;
  return *sold;
}

Tier tier_of(int memory_gb) {
  if (memory_gb < 8) return Tier::low;
  return memory_gb < 16 ? Tier::mid : Tier::high;
}

double memory_fraction(int memory_gb) {
  if (memory_gb <= 4) return 0.75;
  if (memory_gb <= 24) return 0.75 + 0.15 * (memory_gb - 4) / 20.0;
  if (memory_gb <= 80) return 0.90 + 0.05 * (memory_gb - 24) / 56.0;
  return 0.95;
}

std::optional<Profile> find_profile(std::string_view name, int memory_gb) {
  auto const row_name = row_named(name);
  Profile const* best = nullptr;
  for (auto const& row : profiles())
    if (row.name == row_name &&
        (best == nullptr || distance(row, memory_gb) < distance(*best, memory_gb)))
      best = &row;
  if (best == nullptr) return std::nullopt;
  auto found = *best;
  if (memory_gb < found.memory_gb) {
    found.batch = std::max(1, found.batch * memory_gb / found.memory_gb);
    found.train_batch = std::max(1, found.train_batch * memory_gb / found.memory_gb);
  }
  found.memory_gb = memory_gb;
  return found;
}

Profile profile_of(Gpu const& gpu) {
  auto const memory_gb = nominal_memory_gb(gpu.memory_bytes);
  if (auto const listed = find_profile(gpu.name, memory_gb)) return *listed;
  auto const capability = gpu.capability_major * 10 + gpu.capability_minor;
  Profile made;
  made.name = "unlisted";
  made.memory_gb = memory_gb;
  made.train_batch = made.batch = unlisted_batch(memory_gb);
  made.models = tier_of(memory_gb) == Tier::high ? "large" : tier_of(memory_gb) == Tier::mid ? "medium" : "small";
  made.features = {.gradient_checkpointing = memory_gb < 8,
                   .mixed_precision = capability >= 70,
                   .tf32 = capability >= 80,
                   .flash_attention = capability >= 80,
                   // sm_75 was sold without them as GTX 16.
                   .tensor_cores = capability >= 70 && gpu.name.find("GTX") == std::string::npos,
                   .tuned_kernels = false};
  auto const& like = row_like(memory_gb, gpu.multiprocessors, capability);
  made.rated = std::max(1.0, like.rated * gpu.multiprocessors / like.multiprocessors);
  made.multiprocessors = gpu.multiprocessors;
  made.capability = capability;
  return made;
}

}  // namespace muster::topology
