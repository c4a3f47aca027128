// Who was born of whom. Of each individual the line of its first parents is kept, as far back as the job wants it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/table.hpp"
#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/words.hpp"

namespace muster::jobs::evolve {

constexpr Birth birth_at(std::uint64_t generation, std::uint64_t slot) { return generation << 32 | slot; }
constexpr std::uint64_t generation_of(Birth birth) { return birth >> 32; }
constexpr std::uint64_t slot_of(Birth birth) { return birth & 0xffffffff; }
/// Of a candidate, until it has a place among the ancestors.
constexpr std::uint32_t newborn_tag(std::uint64_t slot) { return kernels::new_tag | static_cast<std::uint32_t>(slot); }

/// The candidates of a generation, and what they were proposed from.
struct Litter {
  kernels::SearchSettings const& settings;
  Herd const& before;
  std::uint64_t generation = 0;
  std::span<std::int64_t const> fitness;
  std::uint64_t reach = 0;  ///< generations that a line is kept for
};

/// The ancestors of `herd`, whose population and hall are those after the selection: those of `before` that are still wanted, and
/// the newborn that stay. At most (slots + hall) x (reach + 1).
void take_up_births(Litter const& litter, Herd& herd, int threads);

/// An individual of the hall and its first parents, the youngest first, as far back as `reach` generations.
std::vector<Ancestor> line_of(Herd const& herd, Veteran const& one, std::uint64_t reach);

void put_ancestors(WordWriter& out, Herd const& herd);
/// `generations` are over.
void get_ancestors(WordReader& in, Herd& herd, std::uint64_t generations);

/// The line of each of the hall.
Table lineage_table(Params const& params, Generation const& last);

}  // namespace muster::jobs::evolve
