// The per-instruction-set copies behind bootstrap.cpp.
#pragma once

#include <cstdint>

#define MUSTER_DECLARE_BOOTSTRAP(isa)                                                                            \
  namespace muster::kernels {                                                                                    \
  inline namespace isa {                                                                                         \
  void draw_indices(std::uint64_t seed, std::uint32_t market, std::uint32_t bars, double chance, std::uint32_t* out); \
  }                                                                                                              \
  }

MUSTER_DECLARE_BOOTSTRAP(v3)
MUSTER_DECLARE_BOOTSTRAP(v4)
MUSTER_DECLARE_BOOTSTRAP(generic)
