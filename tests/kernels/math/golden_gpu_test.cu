// Every math function returns the committed bits on the GPU.
#include <cstdint>
#include <cstdio>
#include <vector>

#include "tests/kernels/math/goldens.hpp"

namespace {

using namespace muster::test;

constexpr int values = golden_function_count * static_cast<int>(golden_count);

__global__ void evaluate(double* out) {
  int const at = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (at < values) out[at] = golden_eval(at / golden_count, at % golden_count);
}

bool ok(cudaError_t error) {
  if (error != cudaSuccess) std::printf("FAILED: %s\n", cudaGetErrorString(error));
  return error == cudaSuccess;
}

}  // namespace

int main() {
  double* device = nullptr;
  std::vector<double> out(values);
  if (!ok(cudaMalloc(&device, values * sizeof(double)))) return 1;
  evaluate<<<(values + 127) / 128, 128>>>(device);
  if (!ok(cudaGetLastError())) return 1;
  if (!ok(cudaMemcpy(out.data(), device, values * sizeof(double), cudaMemcpyDeviceToHost)))
    return 1;
  cudaFree(device);
  int wrong = 0;
  for (int function = 0; function < golden_function_count; ++function) {
    Digest digest;
    for (std::uint64_t i = 0; i < golden_count; ++i) digest.add(out[function * golden_count + i]);
    if (digest.value == goldens[function]) continue;
    ++wrong;
    std::printf("function %d: 0x%016llx, not 0x%016llx\n", function,
                static_cast<unsigned long long>(digest.value),
                static_cast<unsigned long long>(goldens[function]));
  }
  std::printf("%d of %d functions differ from the CPU\n", wrong,
              static_cast<int>(golden_function_count));
  return wrong == 0 ? 0 : 1;
}
