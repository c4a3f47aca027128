// The per-instruction-set namespace of the networks' bodies.
#pragma once

#include "kernels/config.hpp"

#define MUSTER_NETS_BEGIN              \
  namespace muster::kernels::nets {    \
  inline namespace MUSTER_ISA {
#define MUSTER_NETS_END \
  }                     \
  }
