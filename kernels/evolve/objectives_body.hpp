// The per-instruction-set copies behind objectives.cpp.
#pragma once

#include <cstdint>

#include "kernels/evolve/objectives.hpp"

#define MUSTER_DECLARE_OBJECTIVES(isa)                                                          \
  namespace muster::kernels {                                                                   \
  inline namespace isa {                                                                        \
  double objective_value(Objective objective, double const* x, std::uint64_t genes);            \
  }                                                                                             \
  }

MUSTER_DECLARE_OBJECTIVES(v3)
MUSTER_DECLARE_OBJECTIVES(v4)
MUSTER_DECLARE_OBJECTIVES(generic)
