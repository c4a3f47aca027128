#include "jobs/evolve/lineage.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/parallel.hpp"
#include "jobs/rows.hpp"

namespace muster::jobs::evolve {
namespace {

constexpr std::uint64_t nobody_asks = UINT64_MAX;

bool is_newborn(std::uint32_t tag) { return (tag & kernels::new_tag) != 0; }
std::uint64_t slot_of_tag(std::uint32_t tag) { return tag & ~kernels::new_tag; }

/// The first generation of a line that ends in this one.
std::uint64_t since(std::uint64_t generation, std::uint64_t reach) { return generation - std::min(generation, reach); }

/// visit(tag, generation): the living, of whom the next ones come, and the hall.
template <class SomeHerd, class Visit>
void each_root(SomeHerd& herd, std::uint64_t generation, Visit visit) {
  for (auto& tag : herd.population.tags) visit(tag, generation);
  for (auto& one : herd.hall) visit(one.ancestor, one.generation);
}

std::vector<std::uint32_t> newborn_slots(Litter const& litter, Herd const& herd) {
  std::vector<char> is_there(litter.settings.slots());
  each_root(herd, 0, [&](std::uint32_t tag, std::uint64_t) {
    if (is_newborn(tag)) is_there[slot_of_tag(tag)] = 1;
  });
  std::vector<std::uint32_t> slots;
  for (std::uint32_t slot = 0; slot < is_there.size(); ++slot)
    if (is_there[slot] != 0) slots.push_back(slot);
  return slots;
}

void count_genes(Litter const& litter, kernels::Origin const& origin, double const* child, Ancestor& one) {
  auto const genes = litter.settings.genes.size();
  for (std::size_t g = 0; g < genes; ++g) {
    auto const is_of = [&](std::uint32_t parent) { return litter.before.population.genomes[origin.slots[parent] * genes + g] == child[g]; };
    if (is_of(0)) continue;
    bool is_of_another = false;
    for (std::uint32_t parent = 1; parent < origin.count; ++parent) is_of_another = is_of_another || is_of(parent);
    ++(is_of_another ? one.genes_of_others : one.new_genes);
  }
}

Ancestor born_of(Litter const& litter, kernels::Origin const& origin, std::uint64_t slot) {
  auto const& before = litter.before;
  Ancestor one{.birth = birth_at(litter.generation, slot), .fitness = litter.fitness[slot]};
  if (origin.count == 0) return one;
  for (std::uint32_t i = 0; i < origin.count; ++i) one.parents[i] = before.ancestors[before.population.tags[origin.slots[i]]].birth;
  one.first = before.population.tags[origin.slots[0]];
  count_genes(litter, origin, before.candidates.data() + slot * litter.settings.genes.size(), one);
  return one;
}

std::vector<Ancestor> born(Litter const& litter, std::vector<std::uint32_t> const& slots, int threads) {
  std::vector<Ancestor> all(slots.size());
  in_pieces(slots.size(), threads, [&](std::uint64_t first, std::uint64_t count) {
    auto const piece = std::span(slots).subspan(first, count);
    auto const origins = litter.generation == 0 ? std::vector<kernels::Origin>(count)
                                                : kernels::origins_of(litter.settings, litter.before.population, piece);
    for (std::uint64_t i = 0; i < count; ++i) all[first + i] = born_of(litter, origins[i], piece[i]);
  });
  return all;
}

/// Who is still wanted, and since which generation those are that it is wanted with.
class Wanted {
 public:
  Wanted(std::vector<Ancestor> const& ancestors, std::uint64_t reach)
      : ancestors_(ancestors), reach_(reach), since_(ancestors.size(), nobody_asks) {}

  /// By the line of an individual of a generation, which it is in itself.
  void want(std::uint32_t ancestor, std::uint64_t generation) { lower(ancestor, since(generation, reach_)); }
  void want_parent(std::uint32_t parent, std::uint64_t generation) { reach_for(parent, since(generation, reach_)); }

  /// Those that they descend from, too: parents stand before their children.
  void spread() {
    for (std::size_t i = since_.size(); i-- > 0;)
      if (is_wanted(i)) reach_for(ancestors_[i].first, since_[i]);
  }
  bool is_wanted(std::size_t i) const { return since_[i] != nobody_asks; }

 private:
  void lower(std::uint32_t ancestor, std::uint64_t generation) { since_[ancestor] = std::min(since_[ancestor], generation); }
  void reach_for(std::uint32_t parent, std::uint64_t generation) {
    if (parent != nobody && generation_of(ancestors_[parent].birth) >= generation) lower(parent, generation);
  }

  std::vector<Ancestor> const& ancestors_;
  std::uint64_t const reach_;
  std::vector<std::uint64_t> since_;
};

Wanted wanted_by(Litter const& litter, Herd const& herd, std::vector<Ancestor> const& newborn) {
  Wanted wanted(litter.before.ancestors, litter.reach);
  each_root(herd, litter.generation, [&](std::uint32_t tag, std::uint64_t generation) {
    if (!is_newborn(tag)) wanted.want(tag, generation);
  });
  for (Ancestor const& one : newborn) wanted.want_parent(one.first, litter.generation);
  wanted.spread();
  return wanted;
}

/// Appends those that are wanted, and says where each has come to.
std::vector<std::uint32_t> move_wanted(std::vector<Ancestor> const& from, Wanted const& wanted, std::vector<Ancestor>& to) {
  std::vector<std::uint32_t> places(from.size(), nobody);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!wanted.is_wanted(i)) continue;
    places[i] = static_cast<std::uint32_t>(to.size());
    to.push_back(from[i]);
    if (from[i].first != nobody) to.back().first = places[from[i].first];
  }
  return places;
}

}  // namespace

void take_up_births(Litter const& litter, Herd& herd, int threads) {
  auto const slots = newborn_slots(litter, herd);
  auto newborn = born(litter, slots, threads);
  herd.ancestors.reserve(litter.before.ancestors.size() + newborn.size());
  auto const places = move_wanted(litter.before.ancestors, wanted_by(litter, herd, newborn), herd.ancestors);
  std::vector<std::uint32_t> place_of_slot(litter.settings.slots(), nobody);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    place_of_slot[slots[i]] = static_cast<std::uint32_t>(herd.ancestors.size());
    herd.ancestors.push_back(newborn[i]);
    if (newborn[i].first != nobody) herd.ancestors.back().first = places[newborn[i].first];
  }
  each_root(herd, 0, [&](std::uint32_t& tag, std::uint64_t) { tag = is_newborn(tag) ? place_of_slot[slot_of_tag(tag)] : places[tag]; });
}

std::vector<Ancestor> line_of(Herd const& herd, Veteran const& one, std::uint64_t reach) {
  std::vector<Ancestor> line;
  for (auto at = one.ancestor; at != nobody; at = herd.ancestors[at].first) {
    if (generation_of(herd.ancestors[at].birth) < since(one.generation, reach)) break;
    line.push_back(herd.ancestors[at]);
  }
  return line;
}

void put_ancestors(WordWriter& out, Herd const& herd) {
  out.put_all(std::vector<std::uint64_t>(herd.population.tags.begin(), herd.population.tags.end()));
  out.put(std::uint64_t{herd.ancestors.size()});
  for (Ancestor const& one : herd.ancestors) {
    out.put(one.birth);
    out.put(one.fitness);
    for (Birth const parent : one.parents) out.put(parent);
    out.put(std::uint64_t{one.first});
    out.put(std::uint64_t{one.genes_of_others} << 32 | one.new_genes);
  }
  for (Veteran const& one : herd.hall) out.put(std::uint64_t{one.ancestor});
}

namespace {

Ancestor get_ancestor(WordReader& in) {
  Ancestor one;
  std::uint64_t first = 0, counts = 0;
  in.get(one.birth);
  in.get(one.fitness);
  for (Birth& parent : one.parents) in.get(parent);
  in.get(first);
  in.get(counts);
  one.first = static_cast<std::uint32_t>(std::min<std::uint64_t>(first, nobody));
  one.genes_of_others = static_cast<std::uint32_t>(counts >> 32);
  one.new_genes = static_cast<std::uint32_t>(counts);
  return one;
}

/// Later than all before it, and of a first parent that is one of them.
bool fits(std::vector<Ancestor> const& before, Ancestor const& one, std::uint64_t generations, std::uint64_t slots) {
  if (generation_of(one.birth) >= generations || slot_of(one.birth) >= slots) return false;
  if (!before.empty() && one.birth <= before.back().birth) return false;
  return one.first == nobody || (one.first < before.size() && before[one.first].birth == one.parents[0]);
}

std::uint32_t get_place(std::uint64_t place, Herd const& herd) {
  if (place >= herd.ancestors.size()) refuse_words("has an individual without a birth");
  return static_cast<std::uint32_t>(place);
}

}  // namespace

void get_ancestors(WordReader& in, Herd& herd, std::uint64_t generations) {
  std::vector<std::uint64_t> tags;
  in.get_all(tags);
  auto const slots = herd.population.fitness.size();
  if (tags.size() != slots) refuse_words("has births of another number of slots");
  auto const count = in.size();
  for (std::size_t i = 0; i < count; ++i) {
    auto const one = get_ancestor(in);
    if (!fits(herd.ancestors, one, generations, slots)) refuse_words("has ancestors that cannot be");
    herd.ancestors.push_back(one);
  }
  for (auto const tag : tags) herd.population.tags.push_back(get_place(tag, herd));
  for (Veteran& one : herd.hall) {
    std::uint64_t place = 0;
    in.get(place);
    one.ancestor = get_place(place, herd);
    if (herd.ancestors[one.ancestor].birth != birth_at(one.generation, one.slot)) refuse_words("has an ancestor born elsewhere");
  }
}

namespace {

std::string_view made_by(kernels::Algorithm algorithm, Ancestor const& one) {
  if (one.parents[0] == no_birth) return "draw";
  if (algorithm == kernels::Algorithm::jde) return "difference";
  if (one.genes_of_others == 0) return "mutation";
  return one.new_genes == 0 ? "crossover" : "crossover and mutation";
}

class LineageRows {
 public:
  LineageRows(Params const& params, Generation const& last)
      : params_(params), last_(last), rows_("lineage", "The best and the line of their first parents, the youngest first; -1: none.") {}

  void put_line(std::size_t fold, std::size_t place) {
    Herd const& herd = last_.herds[fold];
    std::uint64_t step = 0;
    for (Ancestor const& one : line_of(herd, herd.hall[place], params_.lineage)) {
      if (last_.herds.size() > 1) rows_.put("fold", "1", std::uint64_t{fold + 1});
      rows_.put("place", "1", std::uint64_t{place + 1});
      rows_.put("step", "1", step++);
      put_birth("", one.birth);
      rows_.put("fitness", "1", kernels::fitness_value(one.fitness));
      put_origin(one);
    }
  }
  Table take() { return rows_.take(); }

 private:
  std::uint64_t island_of(Birth birth) const { return slot_of(birth) / (params_.search.population / params_.search.islands); }

  void put_birth(std::string const& whose, Birth birth) {
    bool const is_there = birth != no_birth;
    constexpr auto none = UINT64_MAX;
    rows_.put(whose + "generation", "1", is_there ? generation_of(birth) : none);
    rows_.put(whose + "island", "1", is_there ? island_of(birth) : none);
    rows_.put(whose + "slot", "1", is_there ? slot_of(birth) : none);
  }

  void put_origin(Ancestor const& one) {
    auto const algorithm = params_.search.algorithm;
    rows_.put("made_by", std::string(made_by(algorithm, one)));
    rows_.put("genes_of_others", "1", std::uint64_t{one.genes_of_others});
    rows_.put("new_genes", "1", std::uint64_t{one.new_genes});
    std::size_t const parents = algorithm == kernels::Algorithm::jde ? 4 : 2;
    for (std::size_t i = 0; i < parents; ++i) put_birth(fmt::format("parent_{}_", i + 1), one.parents[i]);
    bool const has_moved = one.parents[0] != no_birth && island_of(one.parents[0]) != island_of(one.birth);
    rows_.put("migrated_from", "1", has_moved ? island_of(one.parents[0]) : UINT64_MAX);
  }

  Params const& params_;
  Generation const& last_;
  Rows rows_;
};

}  // namespace

Table lineage_table(Params const& params, Generation const& last) {
  LineageRows rows(params, last);
  for (std::size_t fold = 0; fold < last.herds.size(); ++fold)
    for (std::size_t place = 0; place < last.herds[fold].hall.size(); ++place) rows.put_line(fold, place);
  return rows.take();
}

}  // namespace muster::jobs::evolve
