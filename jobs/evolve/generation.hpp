// What is carried from one generation to the next.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "jobs/evolve/params.hpp"
#include "jobs/evolve/spares.hpp"
#include "jobs/steps.hpp"
#include "kernels/evolve/search.hpp"

namespace muster::jobs::evolve {

/// Where an individual was born: generation 2^32 + slot.
using Birth = std::uint64_t;
inline constexpr Birth no_birth = UINT64_MAX;
inline constexpr std::uint32_t nobody = UINT32_MAX;

/// Somebody that others come from, or may.
struct Ancestor {
  Birth birth = 0;
  std::int64_t fitness = 0;
  std::array<Birth, 4> parents{no_birth, no_birth, no_birth, no_birth};  ///< as in kernels::Origin
  std::uint32_t first = nobody;           ///< the first parent's place among the ancestors; nobody where it is not kept
  std::uint32_t genes_of_others = 0;      ///< that its first parent does not have, but another one
  std::uint32_t new_genes = 0;            ///< that no parent has
};

/// Among the best so far, by the train spans.
struct Veteran {
  std::vector<double> genome;
  std::int64_t fitness = 0;
  std::uint64_t generation = 0;  ///< it was born in
  std::uint64_t slot = 0;
  std::uint32_t ancestor = nobody;  ///< its place among the ancestors, where they are kept
};

/// One search: all of a job, or that of one fold.
struct Herd {
  kernels::Population population{};   ///< that the candidates were proposed from; empty at first
  std::vector<double> candidates{};   ///< slots x genes; empty once the search is over
  std::vector<kernels::GenerationStats> history{};  ///< of the generations that were judged
  std::vector<Veteran> hall{};        ///< the best first, no two genomes alike
  std::vector<Ancestor> ancestors{};  ///< of the living and the hall, themselves included, by birth; empty where nobody asks
};

struct Generation final : Carry {
  explicit Generation(std::shared_ptr<Spares> from) : spares(std::move(from)) {}
  Generation(Generation const&) = default;
  ~Generation() override {
    for (Herd& herd : herds) {
      spares->give(std::move(herd.population.genomes));
      spares->give(std::move(herd.candidates));
    }
  }
  std::uint64_t index = 0;  ///< of the candidates
  std::uint64_t last = 0;   ///< the last one that is bred; less than the job says where its time was over
  std::vector<Herd> herds;  ///< a fold each
  std::vector<std::vector<double>> trials;  ///< genomes sampled from all generations and herds
  std::vector<std::int64_t> nulls;  ///< the statistic of each null market, once they are searched
  std::shared_ptr<Spares> spares;   ///< where its memory goes in the end
  bool has_candidates() const { return !herds.front().candidates.empty(); }
};

/// How candidates become the next generation: pure functions of the job.
class Breeding {
 public:
  Breeding(Params const& params, std::vector<kernels::Gene> genes);
  /// Of one herd.
  std::uint64_t slots() const { return settings_.front().slots(); }
  std::size_t herds() const { return settings_.size(); }
  std::size_t genes() const { return settings_.front().genes.size(); }

  std::shared_ptr<Generation> first(int threads) const;
  /// `fitness` is that of the candidates, a slot each, herd after herd. After the last generation there are no candidates, and
  /// nothing changes but the number.
  std::shared_ptr<Generation> next(Generation const& from, std::span<std::int64_t const> fitness, int threads) const;

  /// Ends the search before the candidates of `generation`.
  static std::shared_ptr<Generation> cut(Generation const& generation);

  // ---- For those who breed elsewhere ----

  kernels::SearchSettings const& settings(std::size_t herd) const { return settings_[herd]; }
  /// Whether it is kept who was born of whom.
  bool keeps_lineage() const { return reach_ > 0; }
  std::size_t hall_size() const { return hall_size_; }
  /// A generation with nothing but what is kept from generation to generation.
  std::shared_ptr<Generation> begin_like(Generation const& from) const;
  /// An empty vector, with memory that was used before.
  std::vector<double> spare() const { return spares_->take(); }
  /// Somebody to be sampled.
  struct Place {
    std::size_t herd;
    std::uint64_t slot;
  };
  /// Those of a generation, in the order of the trials.
  std::vector<Place> trials_of(std::uint64_t generation) const;
  /// The candidates of a generation that are among the best of all so far.
  void remember(Herd& herd, std::uint64_t generation, std::span<double const> candidates, std::span<std::int64_t const> fitness) const;
  void remember(Herd& herd, std::uint64_t generation, std::uint64_t slot, std::span<double const> genome, std::int64_t fitness) const;

  Slots encode(Generation const& generation) const;
  std::shared_ptr<Generation> decode(std::span<std::int64_t const> words, int threads) const;

 private:
  void propose(Generation& generation, int threads) const;
  Herd next(std::size_t herd, Generation const& from, std::span<std::int64_t const> fitness, int threads) const;
  kernels::Population copy_of(kernels::Population const& population, int threads) const;
  kernels::Population first_population(std::size_t herd, Herd const& candidates, std::span<std::int64_t const> fitness) const;
  void sample_trials(Generation const& from, Generation& to) const;

  std::uint64_t generations_;
  std::uint64_t hall_size_;
  std::uint64_t reach_;  // of the lineage, in generations
  std::uint64_t trials_;
  std::vector<kernels::SearchSettings> settings_;  // of each herd
  std::shared_ptr<Spares> spares_ = std::make_shared<Spares>();
};

kernels::SearchSettings search_settings(Params const& params, std::vector<kernels::Gene> genes);

}  // namespace muster::jobs::evolve
