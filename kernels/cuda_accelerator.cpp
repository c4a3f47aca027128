// A CUDA device as an accelerator: turns the codes of the .cu files into errors, and owns their handles.
#include "core/error.hpp"
#include "kernels/accelerator.hpp"
#include "kernels/cuda_memory.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/out_of_memory.hpp"
#include "kernels/price/cuda_paths.hpp"

namespace muster::kernels {
namespace {

void refuse_out_of_memory(char const* error, int ordinal) {
  if (error == cuda_out_of_memory)
    throw OutOfMemory(fmt::format("GPU {}: out of memory (another process may hold it, see nvidia-smi); give this job less "
                                  "with --device-memory, or use --device cpu", ordinal));
}

TableMemory tables_in(DevicePool& pool) {
  return {&pool, [](void* from, std::size_t bytes) { return static_cast<DevicePool*>(from)->take(bytes); },
          [](void* from, void* at) { static_cast<DevicePool*>(from)->give(at); }};
}

class CudaPathLauncher final : public PathLauncher {
 public:
  CudaPathLauncher(PathPlan const& plan, int ordinal, void* stream, DevicePool& pool) : ordinal_(ordinal) {
    char const* error = nullptr;
    handle_ = open_cuda_paths(plan, ordinal, stream, tables_in(pool), &error);
    refuse_out_of_memory(error, ordinal);
    MUSTER_REQUIRE_ENV(handle_ != nullptr, "GPU {}: {} (paths cannot run there); use --device cpu", ordinal, error);
  }
  ~CudaPathLauncher() override { close_cuda_paths(handle_); }
  CudaPathLauncher(CudaPathLauncher const&) = delete;
  CudaPathLauncher& operator=(CudaPathLauncher const&) = delete;

  void run(TileRange range, std::uint32_t columns, PathBuffers const& buffers, std::span<std::int64_t> raw) override {
    CudaRun const launch{range.first, range.count, columns, buffers.columns, buffers.raw, buffers.host_raw};
    char const* const error = run_cuda_paths(handle_, launch, raw.data());
    refuse_out_of_memory(error, ordinal_);
    MUSTER_REQUIRE_ENV(error == nullptr, "GPU {}: {} (the tiles {} to {} were not computed); run again to resume",
                       ordinal_, error, range.first, range.end());
  }

 private:
  int ordinal_;
  CudaPaths* handle_ = nullptr;
};

class CudaAccelerator final : public Accelerator {
 public:
  explicit CudaAccelerator(int ordinal) : ordinal_(ordinal) {
    char const* error = nullptr;
    pool_ = open_cuda_pool(ordinal, &error);
    refuse_out_of_memory(error, ordinal);
    MUSTER_REQUIRE_ENV(pool_ != nullptr, "GPU {}: {} (jobs cannot use it); check nvidia-smi, or use --device cpu", ordinal,
                       error);
  }
  ~CudaAccelerator() override { close_cuda_pool(pool_); }
  CudaAccelerator(CudaAccelerator const&) = delete;
  CudaAccelerator& operator=(CudaAccelerator const&) = delete;

  Width width() const override { return {cuda_multiprocessors(pool_), cuda_resident_threads(pool_)}; }
  void* take(std::size_t bytes) override { return take_from_cuda_pool(pool_, bytes); }
  void give(void* at) noexcept override { give_to_cuda_pool(pool_, at); }
  std::uint64_t set_aside_bytes() const override { return cuda_pool_high_bytes(pool_); }
  void* take_host(std::size_t bytes) override { return take_pinned(bytes); }
  void give_host(void* at) noexcept override { give_pinned(at); }
  std::unique_ptr<PathLauncher> open_paths(PathPlan const& plan, DevicePool& pool) override {
    return std::make_unique<CudaPathLauncher>(plan, ordinal_, cuda_pool_stream(pool_), pool);
  }

 private:
  int ordinal_;
  CudaPool* pool_ = nullptr;
};

}  // namespace

std::unique_ptr<Accelerator> open_cuda(int ordinal) { return std::make_unique<CudaAccelerator>(ordinal); }

}  // namespace muster::kernels
