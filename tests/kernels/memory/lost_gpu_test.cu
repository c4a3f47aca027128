// After a kernel that traps, every answer of the GPU says that this process has lost it; answers before do not.
#include <cstdio>

#include "kernels/cuda_memory.hpp"

namespace {

__global__ void trap() { __trap(); }

int faults = 0;

void expect(bool is_so, char const* what, char const* answer) {
  if (is_so) return;
  ++faults;
  std::fprintf(stderr, "%s: %s\n", what, answer == nullptr ? "no error" : answer);
}

}  // namespace

int main() {
  using namespace muster::kernels;
  constexpr std::size_t count = 1024;
  void* at = nullptr;
  char const* answer = allocate_on_gpu(0, count * sizeof(std::int64_t), &at);
  expect(answer == nullptr, "memory before the trap", answer);
  expect(!is_gpu_lost(nullptr) && !is_gpu_lost(cuda_out_of_memory), "errors that leave the GPU usable", cuda_out_of_memory);
  trap<<<1, 1>>>();
  std::int64_t value = 0;
  answer = read_from_gpu(0, at, &value, sizeof value);
  expect(is_gpu_lost(answer), "the first answer after the trap", answer);
  answer = fill_on_gpu(0, at, count, 7);
  expect(is_gpu_lost(answer), "a later answer", answer);
  return faults == 0 ? 0 : 1;
}
