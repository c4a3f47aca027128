#include "cli/processor.hpp"

namespace muster::cli {

std::string why_processor_is_refused() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool const can = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("bmi2");
  if (!can)
    return "this CPU lacks AVX2 or FMA (muster's arithmetic rests on the fused multiply-add); "
           "use an x86-64-v3 CPU: Intel from Haswell (2013), AMD from Excavator (2015)";
#endif
  return "";
}

}  // namespace muster::cli
