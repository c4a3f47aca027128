#include "kernels/price/path_memory.hpp"

#include <algorithm>

#include "kernels/device_pool.hpp"
#include "kernels/price/path_view.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::kernels {
namespace {

constexpr std::uint64_t columns_per_multiprocessor = 2048;
constexpr std::uint64_t waves = 16;
constexpr std::uint64_t stack_of_every_process = 1024;  ///< CUDA's default for a thread
constexpr std::uint64_t most_raw_bytes = std::uint64_t{256} << 20;

/// As they are uploaded: view_of() says which.
template <class Real>
std::uint64_t table_bytes_of(PathPlan const& plan) {
  std::uint64_t bytes = whole_pieces(plan.coefficients.size() * sizeof(Real));
  view_of<Real>(plan, nullptr, [&bytes](auto const& values) {
    bytes += whole_pieces(values.size() * sizeof(values[0]));
    return values.data();
  });
  return bytes;
}

std::uint64_t state_size(PathPlan const& plan) {
  switch (plan.model) {
    case Model::merton: return merton_state_size;
    case Model::heston: return heston_state_size;
    case Model::gbm: break;
  }
  return plan.assets;
}

/// A thread's states and what contracts see of them, for as many tracks as the kernel has room for.
std::uint64_t stack_of(PathPlan const& plan, std::uint64_t real) {
  std::uint64_t const tracks = !plan.is_plain() ? most_states(plan.assets) : plan.antithetic ? 2 : 1;
  return tracks * (state_size(plan) + 3 * plan.assets) * real;
}

PathShape shape_of(PathMemory const& memory, std::uint32_t columns, std::uint64_t tile_items) {
  auto const filling = (waves * columns + tile_items - 1) / tile_items;
  auto const bound = most_raw_bytes / std::max<std::uint64_t>(memory.tile_bytes, 1);
  return {columns, std::clamp<std::uint64_t>(std::min(filling, bound), 1, UINT32_MAX)};
}

}  // namespace

PathMemory memory_of(PathPlan const& plan) {
  std::uint64_t const real = plan.single_precision ? sizeof(float) : sizeof(double);
  PathMemory memory;
  memory.table_bytes = plan.single_precision ? table_bytes_of<float>(plan) : table_bytes_of<double>(plan);
  memory.column_bytes = 2 * plan.slots_per_path * real +
                        (std::uint64_t{plan.totals} * plan.total_rows + 2 * plan.most_rows) * sizeof(double);
  memory.tile_bytes = plan.rows.size() * raw_sums * sizeof(std::int64_t);
  memory.stack_bytes = stack_of(plan, real);
  return memory;
}

PathMemory memory_of(std::span<PathPlan const* const> plans) {
  PathMemory all;
  for (auto const* plan : plans) {
    auto const one = memory_of(*plan);
    all.table_bytes += one.table_bytes;
    all.column_bytes = std::max(all.column_bytes, one.column_bytes);
    all.tile_bytes = std::max(all.tile_bytes, one.tile_bytes);
    all.stack_bytes = std::max(all.stack_bytes, one.stack_bytes);
  }
  return all;
}

PathShape full_shape(PathMemory const& memory, Width width, std::uint64_t tile_items) {
  auto const columns = static_cast<std::uint64_t>(std::max(width.multiprocessors, 1)) * columns_per_multiprocessor;
  return shape_of(memory, static_cast<std::uint32_t>(columns), tile_items);
}

PathShape half_shape(PathMemory const& memory, PathShape shape, std::uint64_t tile_items) {
  auto const columns = std::max(shape.columns / 2 / least_columns, 1u) * least_columns;
  return shape_of(memory, columns, tile_items);
}

std::uint64_t pool_bytes(PathMemory const& memory, PathShape shape) {
  return memory.table_bytes + whole_pieces(memory.column_bytes * shape.columns) + whole_pieces(memory.tile_bytes * shape.tiles);
}

std::uint64_t stack_bytes(PathMemory const& memory, Width width) {
  auto const threads = static_cast<std::uint64_t>(width.multiprocessors) * static_cast<std::uint64_t>(width.resident_threads);
  return (std::max(memory.stack_bytes, stack_of_every_process) - stack_of_every_process) * threads;
}

}  // namespace muster::kernels
