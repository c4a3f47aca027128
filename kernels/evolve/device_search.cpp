#include "kernels/evolve/device_search.hpp"

#include "kernels/device_pool.hpp"
#include "kernels/evolve/device_layout.hpp"
#include "kernels/evolve/spread.hpp"

namespace muster::kernels {

std::uint64_t device_search_bytes(SearchSettings const& settings) {
  constexpr std::uint64_t word = 8, crews = std::uint64_t{12} << 20;
  std::uint64_t const genes = settings.genes.size(), controls = settings.algorithm == Algorithm::jde ? 2 : 0;
  std::uint64_t const person = (genes + 1 + controls) * word, candidate = (genes + 1) * word, scratch = word + word / 2 + 2 * word / mean_group + 1;
  return settings.slots() * (person + candidate + scratch) + leaving_of(settings) * person + most_finalists * (genes + 2) * word +
         std::max(settings.slots(), arrivals_of(settings)) + settings.islands * 4 * word + crews;
}

}  // namespace muster::kernels
