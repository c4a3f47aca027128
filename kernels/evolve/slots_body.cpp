// Candidates of runs of slots on a CPU; the operators are in genetic.hpp and differential.hpp.
#include "kernels/evolve/slots_body.hpp"

#include "kernels/evolve/child.hpp"
#include "kernels/evolve/genetic_batch.hpp"
#include "kernels/evolve/trial_batch.hpp"

MUSTER_KERNELS_BEGIN

namespace {

template <class Batch>
void run_batches(SearchView const& s, std::uint64_t first, std::uint64_t count, double* out) {
  Batch batch(s);
  for (std::uint64_t done = 0; done < count; done += slot_lanes)
    batch.run(first + done, count - done, out + done * s.genes);
}

Origin origin_of_trial(SearchView const& s, std::uint64_t slot) {
  std::uint32_t who[4];
  philox(s.keys, item_of(s, slot), 0, stream_trial, who);
  std::uint64_t const own = slot % s.island_size, start = slot - own;
  Three const three = with_base(s, start, draw_three(s.island_size, static_cast<std::uint32_t>(own), who));
  return {4, {slot, start + three.base, start + three.plus, start + three.minus}};
}

}  // namespace

void draw_slots(SearchView const& s, std::uint64_t first, std::uint64_t count, double* out) {
  LaneWords words(s.genes);
  for (std::uint64_t done = 0; done < count; done += slot_lanes) {
    words.draw(s, first + done, stream_first);
    auto const used = static_cast<int>(std::min<std::uint64_t>(count - done, slot_lanes));
    for (int l = 0; l < used; ++l)
      for (std::uint32_t g = 0; g < s.genes; ++g, ++out) *out = draw_gene(s.ranges[g], unit(words.word(g, l)));
  }
}

void propose_slots(SearchView const& s, std::uint64_t first, std::uint64_t count, double* out) {
  if (s.algorithm == Algorithm::jde) return run_batches<TrialBatch>(s, first, count, out);
  run_batches<GeneticBatch>(s, first, count, out);
}

void draw_controls(SearchView const& s, std::uint64_t count, double* scale, double* cross) {
  for (std::uint64_t slot = 0; slot < count; ++slot) {
    std::uint32_t words[4];
    philox(s.keys, slot, 1, stream_trial, words);
    Control const control = first_control(words[1], words[3]);
    scale[slot] = control.scale;
    cross[slot] = control.cross;
  }
}

void renew_control(SearchView const& s, std::uint64_t slot, double& scale, double& cross) {
  std::uint32_t words[4];
  philox(s.keys, item_of(s, slot), 1, stream_trial, words);
  Control const control = trial_control(s, {scale, cross}, words);
  scale = control.scale;
  cross = control.cross;
}

Origin origin_of(SearchView const& s, std::uint64_t slot) {
  if (s.algorithm == Algorithm::jde) return origin_of_trial(s, slot);
  SlotWords choices(s, slot, stream_child);
  Parents const parents = choose_parents(s, slot, choices);
  auto const slot_of = [&](double const* genome) { return static_cast<std::uint64_t>(genome - s.genomes) / s.genes; };
  return {parents.a == parents.b ? 1u : 2u, {slot_of(parents.a), slot_of(parents.b)}};
}

/// Draw i takes one of the indices that are left: it skips those before it, which are kept in rising order.
void draw_migrants(SearchView const& s, std::uint32_t island, std::uint32_t count, std::uint32_t* indices) {
  std::vector<std::uint32_t> taken;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t words[4];
    philox(s.keys, item_of(s, island), i / 4, stream_migrants, words);
    std::uint32_t index = below(words[i % 4], s.island_size - i);
    auto place = taken.begin();
    for (; place != taken.end() && *place <= index; ++place) ++index;
    taken.insert(place, index);
    indices[i] = index;
  }
}

bool is_gene(GeneRange const& gene, double x) { return x >= gene.low && x <= gene.high && snap(gene, x) == x; }

MUSTER_KERNELS_END
