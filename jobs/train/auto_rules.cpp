#include "jobs/train/auto_rules.hpp"

#include <algorithm>
#include <array>

#include "jobs/train/contracts.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/schedule.hpp"

namespace muster::jobs::train {
namespace {

template <class T>
T by_tier(topology::Tier tier, std::array<T, 3> const& values) {
  return values[static_cast<std::size_t>(tier)];
}

}  // namespace

std::uint64_t auto_samples(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {1000, 10'000, 100'000}); }
std::uint64_t auto_epochs(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {10, 50, 200}); }
std::uint64_t auto_width(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {160, 512, 1472}); }
std::uint64_t auto_layers(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {4, 5, 6}); }

std::uint64_t auto_latent(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {8, 16, 32}); }
std::uint64_t auto_depth(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {3, 5, 8}); }
std::uint64_t auto_first_width(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {64, 128, 256}); }
std::uint64_t auto_window_batch(topology::Tier tier) { return by_tier<std::uint64_t>(tier, {16, 64, 256}); }

std::uint64_t auto_window_epochs(topology::Tier tier, std::uint64_t windows, std::uint64_t batch) {
  constexpr std::uint64_t most_steps = 20'000;
  return std::clamp<std::uint64_t>(most_steps / ((windows + batch - 1) / batch), 1, auto_epochs(tier));
}

std::uint64_t auto_tile_samples(Params const& params) {
  std::uint64_t const path_steps = params.data.paths * most_steps(params.contract);
  return std::clamp<std::uint64_t>((std::uint64_t{1} << 24) / path_steps, 1, 1024);
}

std::uint64_t auto_grid(Params const& params) {
  constexpr double most = 1 << 20, some_seconds = 4e11;
  double const forward = kernels::nets::forward_work(shape_of(params)), passes = params.training.slopes > 0 ? 6 : 3;
  double const taken = static_cast<double>(step_count(params)) * static_cast<double>(std::min(params.training.batch, params.samples.train));
  double const work = std::max(some_seconds, taken * passes * forward), points = work / (2 * forward);
  return static_cast<std::uint64_t>(std::min(most, points));
}

}  // namespace muster::jobs::train
