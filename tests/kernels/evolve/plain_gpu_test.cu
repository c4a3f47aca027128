// The plain body makes on the GPU the candidates that the CPU makes, to the bit.
#include <cstdio>
#include <vector>

#include "kernels/evolve/child.hpp"
#include "kernels/evolve/plan.hpp"
#include "tests/kernels/evolve/scene.hpp"

// Not by a using-directive: nvcc's own headers, behind this file, would find muster's exp.
namespace muster::test {
namespace {

__global__ void make_candidates(SearchView const view, std::uint64_t slots, double* out) {
  std::uint64_t const slot = std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (slot >= slots) return;
  if (view.algorithm == Algorithm::jde)
    make_trial(view, slot, out + slot * view.genes);
  else
    make_child(view, slot, out + slot * view.genes);
}

void check(cudaError_t error) {
  if (error != cudaSuccess) throw cudaGetErrorString(error);
}

/// A copy on the device, which the end of the process frees.
template <class T>
T* upload(std::vector<T> const& values) {
  T* at = nullptr;
  check(cudaMalloc(&at, (values.size() + 1) * sizeof(T)));
  check(cudaMemcpy(at, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  return at;
}

std::vector<double> proposed_on_gpu(SearchSettings const& settings, Population const& population) {
  SearchPlan plan(settings);
  std::vector<std::uint64_t> chances;
  for (std::int32_t level : population.rate) chances.push_back(mutation_chance(settings, level));
  SearchView view = plan.view;
  view.generation = population.generation + 1;
  view.ranges = upload(plan.ranges);
  view.mutation_chance = upload(chances);
  view.genomes = upload(population.genomes);
  view.fitness = upload(population.fitness);
  view.scale = upload(population.scale);
  view.cross = upload(population.cross);
  std::vector<double> out(population.genomes.size());
  double* const candidates = upload(out);
  make_candidates<<<static_cast<unsigned>(settings.slots() / 32 + 1), 32>>>(view, settings.slots(), candidates);
  check(cudaGetLastError());
  check(cudaMemcpy(out.data(), candidates, out.size() * sizeof(double), cudaMemcpyDeviceToHost));
  return out;
}

int count_wrong() {
  int wrong = 0;
  for (int i = 0; i < varied; ++i) {
    SearchSettings const settings = varied_settings(i);
    Population const population = evolved(settings, begun(settings), 4);
    if (proposed_on_gpu(settings, population) == proposed(settings, population)) continue;
    ++wrong;
    std::printf("search %d has other candidates on the GPU\n", i);
  }
  return wrong;
}

}  // namespace

int run_plain_gpu_test() {
  try {
    int const wrong = count_wrong();
    std::printf("%d of %d searches differ from the CPU\n", wrong, varied);
    return wrong == 0 ? 0 : 1;
  } catch (char const* error) {
    std::printf("FAILED: %s\n", error);
    return 1;
  }
}

}  // namespace muster::test

int main() { return muster::test::run_plain_gpu_test(); }
