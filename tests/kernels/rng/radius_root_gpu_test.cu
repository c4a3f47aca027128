// Proof by exhaustion: sqrt_of_radius on this GPU equals the IEEE square root for every float in [2^-41, 128].
#include <cstdint>
#include <cstdio>

#include "kernels/rng/normal.hpp"

namespace {

__global__ void count_differences(std::uint32_t first, std::uint32_t last, unsigned long long* differences) {
  std::uint32_t const stride = gridDim.x * blockDim.x;
  unsigned long long mine = 0;
  for (std::uint64_t bits = std::uint64_t{first} + blockIdx.x * blockDim.x + threadIdx.x; bits <= last; bits += stride) {
    float const x = __uint_as_float(static_cast<std::uint32_t>(bits));
    if (muster::kernels::sqrt_of_radius(x) != __fsqrt_rn(x)) ++mine;
  }
  if (mine != 0) atomicAdd(differences, mine);
}

}  // namespace

int main() {
  unsigned long long* differences = nullptr;
  if (cudaMalloc(&differences, 8) != cudaSuccess) return 1;
  cudaMemset(differences, 0, 8);
  constexpr std::uint32_t first = 0x2b000000u;  // 2^-41
  constexpr std::uint32_t last = 0x43000000u;   // 128
  count_differences<<<1024, 256>>>(first, last, differences);
  unsigned long long found = 1;
  if (cudaMemcpy(&found, differences, 8, cudaMemcpyDeviceToHost) != cudaSuccess) return 1;
  std::printf("%u floats, %llu differ from the IEEE root\n", last - first + 1, found);
  return found == 0 ? 0 : 1;
}
