// Every math function returns the committed bits: on every instruction set, in debug and release,
// and on the GPU, whose test shares this table.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/kernels/math/golden_cases.hpp"
#include "tests/kernels/math/goldens.hpp"

namespace {

using namespace muster::test;

constexpr char const* names[] = {
#define MUSTER_GOLDEN_NAME(name, expression) #name,
    MUSTER_GOLDEN_FUNCTIONS(MUSTER_GOLDEN_NAME)
#undef MUSTER_GOLDEN_NAME
};

TEST(Golden, EveryFunctionReturnsTheCommittedBits) {
  for (int function = 0; function < golden_function_count; ++function) {
    Digest digest;
    for (std::uint64_t i = 0; i < golden_count; ++i) digest.add(golden_eval(function, i));
    EXPECT_EQ(digest.value, goldens[function]) << names[function];
    // The line for goldens.hpp, should a change of bits be meant (and arithmetic_version with it).
    if (digest.value != goldens[function]) {
      std::printf("    0x%016llx,  // %s\n", static_cast<unsigned long long>(digest.value),
                  names[function]);
    }
  }
}

}  // namespace
