// A search whose population lives on a device: there it is proposed, judged, selected and described, with the bits of search.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/evolve/herd_sums.hpp"
#include "kernels/evolve/search.hpp"

namespace muster::kernels {

/// Candidates in the memory of a device, and where their fitness goes.
struct DeviceHerd {
  double const* genomes = nullptr;  ///< count x genes
  std::int64_t* fitness = nullptr;
  double* sums = nullptr;           ///< scratch of whoever judges
  std::uint64_t count = 0;
};

/// One of the best so far, by whose fitness candidates are measured.
struct KnownGenome {
  std::int64_t fitness = 0;
  std::span<double const> genome{};
};

/// What is to be told of a generation's candidates.
struct HerdQuestion {
  std::uint64_t tile_slots = 1;
  std::span<KnownGenome const> hall{};      ///< the best first
  bool is_hall_full = false;                ///< then the last of the hall is to be beaten
  std::span<std::uint64_t const> slots{};   ///< whose genomes are asked for
};

/// A candidate that may be among the best.
struct Finalist {
  std::uint64_t slot = 0;
  std::int64_t fitness = 0;
  std::vector<double> genome{};
};

struct HerdAnswer {
  std::vector<HerdSums> tiles{};               ///< what their digests are made of
  std::vector<std::vector<double>> genomes{};  ///< of the slots that were asked for
  std::vector<Finalist> finalists{};           ///< by slot: the feasible that beat the hall's last and are not in it
  bool are_all_finalists = true;               ///< false: too many to tell; look at the candidates
};

class DeviceSearch {
 public:
  virtual ~DeviceSearch() = default;
  /// Goes on from a population, which has no tags.
  virtual void load(Population const& population) = 0;
  /// Makes the candidates of the next generation.
  virtual void propose() = 0;
  virtual DeviceHerd herd() = 0;
  /// For whoever judges elsewhere, and for finalists that were too many.
  virtual void read_candidates(std::span<double> genomes) = 0;
  virtual void read_fitness(std::span<std::int64_t> fitness) = 0;
  virtual void write_fitness(std::span<std::int64_t const> fitness) = 0;
  /// Of judged candidates: tells of them, selects, and migrates where that is due. The candidates and their fitness stay as they are.
  /// Selection may go on behind the answer, with what is asked for next behind it.
  virtual HerdAnswer finish(HerdQuestion const& question) = 0;
  /// Of the generation that was selected last.
  virtual GenerationStats statistics() = 0;
  /// Until all that was asked of the device is done.
  virtual void wait() = 0;
  /// The population as it is now; its arrays are filled in place where they have the memory.
  virtual void read(Population& population) = 0;
};

/// What a search takes of a device's memory.
std::uint64_t device_search_bytes(SearchSettings const& settings);

}  // namespace muster::kernels
