// This GPU gives the committed bits of every closed form.
#include <cstdio>

#include "tests/kernels/closed/goldens.hpp"

namespace {

__global__ void all_cases(int family, std::uint64_t* bits) {
  int const i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < muster::kernels::golden_cases) bits[i] = muster::kernels::closed_golden(family, i);
}

}  // namespace

int main() {
  constexpr int cases = muster::kernels::golden_cases;
  std::uint64_t* device = nullptr;
  std::uint64_t host[cases];
  if (cudaMalloc(&device, sizeof host) != cudaSuccess) return 1;
  int differing = 0;
  for (ClosedGoldenBits const& golden : closed_golden_bits) {
    all_cases<<<(cases + 31) / 32, 32>>>(golden.family, device);
    if (cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost) != cudaSuccess) return 1;
    std::uint64_t const all = fold_closed_cases([&](int i) { return host[i]; });
    if (all == golden.bits) continue;
    ++differing;
    std::printf("family %d: 0x%llx, expected 0x%llx\n", golden.family, static_cast<unsigned long long>(all),
                static_cast<unsigned long long>(golden.bits));
  }
  std::printf("%d families, %d differ from the committed bits\n", muster::kernels::golden_families, differing);
  return differing == 0 ? 0 : 1;
}
