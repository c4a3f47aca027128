// The main of tests compiled for one instruction set: exit code 77, which ctest counts as skipped, on a CPU
// without it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

namespace {

bool has_instruction_set() {
#if defined(MUSTER_TEST_ISA_v4)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
#elif defined(MUSTER_TEST_ISA_v3)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#else
  return true;
#endif
}

// Before any static object of the test: registering tests may already use the instruction set.
[[gnu::constructor(101)]] void skip_without_instruction_set() {
  if (has_instruction_set()) return;
  constexpr char const* reason = "skipped: this CPU lacks the instruction set of this test\n";
  [[maybe_unused]] auto const written = write(STDERR_FILENO, reason, std::strlen(reason));
  _exit(77);
}

}  // namespace

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
