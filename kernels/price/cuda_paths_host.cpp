// Turns the codes of cuda_paths.cu into errors and owns its handle.
#include <utility>

#include "core/error.hpp"
#include "kernels/price/cuda_paths.hpp"
#include "kernels/price/paths.hpp"

namespace muster::kernels {
namespace {

class CudaPathRunner final : public PathRunner {
 public:
  CudaPathRunner(PathPlan const& plan, int ordinal) : plan_(plan), ordinal_(ordinal) {
    char const* error = nullptr;
    handle_ = open_cuda_paths(plan_, ordinal_, &error);
    MUSTER_REQUIRE_ENV(handle_ != nullptr, "GPU {}: {} (paths cannot run there); use --device cpu", ordinal_, error);
  }
  ~CudaPathRunner() override { close_cuda_paths(handle_); }
  CudaPathRunner(CudaPathRunner const&) = delete;
  CudaPathRunner& operator=(CudaPathRunner const&) = delete;

  void run(TileRange range, std::span<std::int64_t> raw) override {
    char const* const error = run_cuda_paths(handle_, range.first, range.count, raw.data());
    MUSTER_REQUIRE_ENV(error == nullptr, "GPU {}: {} (the tiles {} to {} were not computed); run again to resume",
                       ordinal_, error, range.first, range.end());
  }
  // The CPU gives the same bits, so the search for a culprit runs there.
  std::uint64_t find_bad_item(std::uint64_t tile, std::uint64_t row) override {
    return make_host_paths(plan_)->find_bad_item(tile, row);
  }
  std::uint64_t preferred_tiles() const override { return cuda_paths_tiles(handle_); }

 private:
  PathPlan plan_;
  int ordinal_;
  CudaPaths* handle_ = nullptr;
};

}  // namespace

std::unique_ptr<PathRunner> make_cuda_paths(PathPlan const& plan, int ordinal) {
  // A tile that does not fill a block's threads is quicker on a CPU, and has the same bits there.
  if (plan.tile_items < least_cuda_tile_items) return make_host_paths(plan);
  return std::make_unique<CudaPathRunner>(plan, ordinal);
}

}  // namespace muster::kernels
