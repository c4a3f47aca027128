// What the per-instruction-set copies of known_answers_body.cpp hand to known_answers.cpp.
#pragma once

#include <cstdint>

namespace muster::kernels {

inline constexpr int philox_answers = 6;
inline constexpr int function_answers = 18;

struct ComputedAnswers {
  std::uint64_t philox[philox_answers];
  std::uint64_t functions[function_answers];
};

}  // namespace muster::kernels

#define MUSTER_DECLARE_KNOWN_ANSWERS(isa) \
  namespace muster::kernels {             \
  inline namespace isa {                  \
  ComputedAnswers compute_known_answers(); \
  }                                       \
  }

MUSTER_DECLARE_KNOWN_ANSWERS(v3)
MUSTER_DECLARE_KNOWN_ANSWERS(v4)
MUSTER_DECLARE_KNOWN_ANSWERS(generic)
