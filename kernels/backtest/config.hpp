// The per-instruction-set namespace of the backtest's bodies, inside its own: see kernels/config.hpp.
#pragma once

#include "kernels/config.hpp"

#define MUSTER_BACKTEST_BEGIN           \
  namespace muster::kernels::backtest { \
  inline namespace MUSTER_ISA {
#define MUSTER_BACKTEST_END \
  }                         \
  }
