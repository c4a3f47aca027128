// Who stays in an island when others want in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/evolve/search.hpp"

namespace muster::kernels {

/// Individuals outside of a population, side by side.
struct Newcomers {
  std::span<double const> genomes{};
  std::span<std::int64_t const> fitness{};
  std::span<double const> scale{};  ///< jde: F and CR, for migrants; else empty
  std::span<double const> cross{};
  std::span<std::uint32_t const> tags{};  ///< where the population has them; else empty
};

/// Scratch of keep_best, for islands of one size.
class Survival {
 public:
  explicit Survival(std::uint32_t genes) : genes_(genes) {}

  /// The best of an island and the newcomers, by the total order, an islander before a newcomer where they are
  /// equal. Who stays keeps the slot; newcomers take the places that become free, both in order.
  void keep_best(Population& population, std::uint64_t start, std::uint32_t size, Newcomers const& newcomers);

  /// The `count` best of a run of individuals, indices in rising order.
  std::vector<std::uint32_t> const& best(double const* genomes, std::int64_t const* fitness, std::uint32_t size,
                                         std::uint32_t count);

 private:
  struct Key {
    std::int64_t fitness;
    std::uint32_t index;
  };
  /// The keys of the `count` best come to the front, in any order.
  template <class Genome>
  void part(std::uint32_t count, Genome genome);

  std::uint32_t genes_;
  std::vector<Key> keys_;
  std::vector<char> stays_;
  std::vector<std::uint32_t> chosen_;
};

}  // namespace muster::kernels
