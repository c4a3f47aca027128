// The per-instruction-set copies behind search.cpp.
#pragma once

#include <cstdint>

#include "kernels/evolve/view.hpp"

#define MUSTER_DECLARE_EVOLVE(isa)                                                                              \
  namespace muster::kernels {                                                                                   \
  inline namespace isa {                                                                                        \
  void draw_slots(SearchView const& s, std::uint64_t first, std::uint64_t count, double* out);                  \
  void propose_slots(SearchView const& s, std::uint64_t first, std::uint64_t count, double* out);               \
  void draw_controls(SearchView const& s, std::uint64_t count, double* scale, double* cross);                   \
  void renew_control(SearchView const& s, std::uint64_t slot, double& scale, double& cross);                    \
  Origin origin_of(SearchView const& s, std::uint64_t slot);                                                    \
  void draw_migrants(SearchView const& s, std::uint32_t island, std::uint32_t count, std::uint32_t* indices);   \
  bool is_gene(GeneRange const& gene, double x);                                                                \
  }                                                                                                             \
  }

MUSTER_DECLARE_EVOLVE(v3)
MUSTER_DECLARE_EVOLVE(v4)
MUSTER_DECLARE_EVOLVE(generic)
