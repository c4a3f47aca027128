#include "kernels/isa.hpp"

#include <cstdlib>

#include "core/error.hpp"

namespace muster::kernels {
namespace {

Isa choose() {
  char const* const wanted = std::getenv("MUSTER_ISA");
  if (wanted != nullptr && *wanted != '\0') {
    for (Isa isa : {Isa::v3, Isa::v4, Isa::generic}) {
      if (isa_name(isa) != wanted) continue;
      MUSTER_REQUIRE(has_isa(isa), "MUSTER_ISA={} (this CPU or build lacks it); unset MUSTER_ISA", wanted);
      return isa;
    }
    MUSTER_REQUIRE(false, "MUSTER_ISA={} (must be v3 or v4); unset MUSTER_ISA to choose by CPU", wanted);
  }
  for (Isa isa : {Isa::v4, Isa::v3, Isa::generic})
    if (has_isa(isa)) return isa;
  throw_error(Exit::environment, "this CPU has no AVX2 and FMA (muster's arithmetic needs x86-64-v3); use a newer machine");
}

}  // namespace

bool has_isa(Isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool const v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (isa == Isa::v3) return v3;
  if (isa == Isa::v4)
    return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  return false;
#else
  return isa == Isa::generic;
#endif
}

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::v3: return "v3";
    case Isa::v4: return "v4";
    case Isa::generic: return "generic";
  }
  return "?";
}

Isa active_isa() {
  static Isa const chosen = choose();
  return chosen;
}

}  // namespace muster::kernels
