// The GPU executor of the path machine: tables, transfers and the choice of a kernel.
#include "kernels/price/cuda_paths.hpp"

#if !defined(__CUDACC__)

namespace muster::kernels {

CudaPaths* open_cuda_paths(PathPlan const&, int, void*, TableMemory const&, char const** error) {
  *error = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
  return nullptr;
}
char const* run_cuda_paths(CudaPaths*, CudaRun const&, std::int64_t*) { return "this build has no CUDA"; }
void close_cuda_paths(CudaPaths*) {}

}  // namespace muster::kernels

#else

#include <cstring>
#include <vector>

#include "kernels/cuda_check.hpp"
#include "kernels/price/cuda_launch.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::kernels {

/// The tables of one plan on one device.
struct CudaPaths {
  int ordinal = 0;
  cudaStream_t stream = nullptr;
  PathPlan const* plan = nullptr;
  TableMemory memory;
  std::vector<void*> tables{};
  PathView<float> view_single{};
  PathView<double> view_double{};
};

inline namespace MUSTER_ISA {
namespace {

/// Copies a host array to the device; null for an empty one.
template <class T>
T* upload(CudaPaths& self, std::vector<T> const& values) {
  if (values.empty()) return nullptr;
  void* const at = self.memory.take(self.memory.pool, values.size() * sizeof(T));
  if (at == nullptr) throw cuda_out_of_memory;
  self.tables.push_back(at);
  check(cudaMemcpy(at, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  return static_cast<T*>(at);
}

template <class Real>
PathView<Real> make_view(CudaPaths& self, PathPlan const& plan) {
  std::vector<Real> const coefficients(plan.coefficients.begin(), plan.coefficients.end());
  return view_of<Real>(plan, upload(self, coefficients), [&](auto const& values) { return upload(self, values); });
}

void open(CudaPaths& self) {
  if (self.plan->single_precision)
    self.view_single = make_view<float>(self, *self.plan);
  else
    self.view_double = make_view<double>(self, *self.plan);
}

template <class Real>
void launch(PathLaunch const& to, Model model, PathView<Real> const& view) {
  switch (model) {
    case Model::merton: return launch_merton(to, view);
    case Model::heston: return launch_heston(to, view);
    case Model::gbm: return launch_gbm(to, view);
  }
}

/// Path memory: the totals and samples in double first, then the slots.
PathLaunch launch_of(CudaPaths const& self, CudaRun const& run) {
  PathPlan const& plan = *self.plan;
  auto* const totals = static_cast<double*>(run.path_memory);
  std::uint64_t const doubles = (std::uint64_t{plan.totals} * plan.total_rows + 2 * plan.most_rows) * run.columns;
  return {run.columns, self.stream, plan.is_plain(), plan.stream, run.first_tile, run.tiles, plan.tile_items,
          plan.rows.size(), plan.most_rows, totals + doubles, totals, run.raw};
}

void run(CudaPaths& self, CudaRun const& asked, std::int64_t* out) {
  std::uint64_t const bytes = asked.tiles * self.plan->rows.size() * raw_sums * sizeof(std::int64_t);
  check(cudaMemsetAsync(asked.raw, 0, bytes, self.stream));
  auto const to = launch_of(self, asked);
  if (self.plan->single_precision)
    launch(to, self.plan->model, self.view_single);
  else
    launch(to, self.plan->model, self.view_double);
  check(cudaGetLastError());
  check(cudaMemcpyAsync(asked.host_raw, asked.raw, bytes, cudaMemcpyDeviceToHost, self.stream));
  check(cudaStreamSynchronize(self.stream));
  std::memcpy(out, asked.host_raw, bytes);
}

}  // namespace
}  // namespace MUSTER_ISA

void close_cuda_paths(CudaPaths* self) {
  if (self == nullptr) return;
  for (void* at : self->tables) self->memory.give(self->memory.pool, at);
  delete self;
}

CudaPaths* open_cuda_paths(PathPlan const& plan, int ordinal, void* stream, TableMemory const& memory, char const** error) {
  auto* const self = new CudaPaths{ordinal, static_cast<cudaStream_t>(stream), &plan, memory};
  *error = on_gpu(ordinal, [self] { open(*self); });
  if (*error == nullptr) return self;
  close_cuda_paths(self);
  return nullptr;
}

char const* run_cuda_paths(CudaPaths* self, CudaRun const& launch, std::int64_t* out) {
  return on_gpu(self->ordinal, [&] { run(*self, launch, out); });
}

}  // namespace muster::kernels

#endif
