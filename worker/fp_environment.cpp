#include "worker/fp_environment.hpp"

#include <cfenv>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace muster::worker {

#if defined(__x86_64__)

namespace {
constexpr unsigned default_mxcsr = 0x1f80;  // all exceptions masked, nearest even, no FTZ, no DAZ
constexpr unsigned raised_flags = 0x003f;
}  // namespace

void set_default_fp_environment() {
  std::fesetenv(FE_DFL_ENV);  // the x87 unit too
  _mm_setcsr(default_mxcsr);
}
bool is_default_fp_environment() { return (_mm_getcsr() & ~raised_flags) == default_mxcsr; }

#elif defined(__aarch64__)

void set_default_fp_environment() { asm volatile("msr fpcr, %0" : : "r"(0UL)); }
bool is_default_fp_environment() {
  unsigned long fpcr = 0;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  return fpcr == 0;
}

#else

void set_default_fp_environment() { std::fesetenv(FE_DFL_ENV); }
bool is_default_fp_environment() { return std::fegetround() == FE_TONEAREST; }

#endif

}  // namespace muster::worker
