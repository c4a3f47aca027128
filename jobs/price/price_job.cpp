#include "jobs/price/price_job.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "jobs/price/closed.hpp"
#include "jobs/price/cost.hpp"
#include "jobs/price/memory_need.hpp"
#include "jobs/price/render.hpp"
#include "jobs/price/results.hpp"
#include "jobs/price/simulation.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::price {
namespace {

std::vector<ClosedValue> closed_values(Params const& params) {
  std::vector<ClosedValue> values;
  for (auto const& instrument : params.instruments) values.push_back(closed_form(params.market, instrument));
  return values;
}

/// A job of closed forms alone is one tile without sums, whose digest is that of the prices' bits.
class ClosedRunner final : public TileRunner {
 public:
  explicit ClosedRunner(Params const& params) : params_(params) {}
  std::uint64_t preferred_tiles() const override { return 1; }
  void run(TileRange range, std::span<std::int64_t> /*sums*/, std::span<TileDigest> digests) override {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint64_t row = 0;
    for (auto const& value : closed_values(params_)) {
      auto const bits = value.available ? std::bit_cast<std::int64_t>(value.price) : std::int64_t{-1};
      high += kernels::digest_share(kernels::digest_key_high, row, bits);
      low += kernels::digest_share(kernels::digest_key_low, row, bits);
      ++row;
    }
    digests[0] = {kernels::digest_finish(kernels::digest_key_high, range.first, high),
                  kernels::digest_finish(kernels::digest_key_low, range.first, low)};
  }

 private:
  Params const& params_;
};

class PriceJob final : public Job {
 public:
  explicit PriceJob(Params const& params) : params_(params) {
    if (params_.method != Method::closed_form) simulation_.emplace(params_);
  }

  /// A miniature of a job.
  PriceJob(Params const& params, std::optional<SimulationPlan> simulation)
      : params_(params), simulation_(std::move(simulation)) {}

  std::string_view kind() const override { return "price"; }
  std::size_t slots() const override { return simulation_ ? simulation_->slots() : 0; }
  std::vector<std::uint64_t> stages() const override {
    return simulation_ ? simulation_->stages() : std::vector<std::uint64_t>{1};
  }
  bool is_done(std::span<std::int64_t const> sums, std::uint64_t tiles) const override {
    return !simulation_ || tiles == stages().back() || simulation_->meets_target(sums, tiles);
  }
  void normalize(std::span<std::int64_t> sums) const override {
    if (simulation_) simulation_->normalize(sums);
  }
  WorkUnit work_unit() const override {
    if (!simulation_) return {"closed forms", static_cast<double>(params_.instruments.size())};
    return {"path-steps", simulation_->work_per_tile()};
  }
  topology::Cost cost() const override {
    auto cost = simulation_ ? cost_of_paths(*simulation_) : topology::Cost{};
    cost.stages = stages();
    if (params_.method != Method::monte_carlo) cost.end_core_s = closed_seconds(params_);
    if (!simulation_) cost.tile_core_s = cost.end_core_s;
    cost.has_gpu_form = simulation_.has_value();
    cost.tiles = tiles_text();
    return cost;
  }
  Miniature miniature(Device::Kind kind, double tile_s) const override {
    if (!simulation_) return fewer_instruments(tile_s);
    auto const items = items_within(*simulation_, kind, tile_s);
    if (items >= simulation_->tile_items()) return {};
    return {std::make_shared<PriceJob>(params_, simulation_->with_tiles(items)),
            static_cast<double>(items) / static_cast<double>(simulation_->tile_items())};
  }
  std::unique_ptr<TileRunner> make_runner(Device device) const override {
    if (!simulation_) return std::make_unique<ClosedRunner>(params_);
    return make_simulation_runner(*simulation_, params_, device);
  }
  std::optional<DeviceNeed> device_need(topology::Gpu const& gpu, std::uint64_t budget_bytes, Team) const override {
    if (!simulation_ || !uses_devices(*simulation_)) return std::nullopt;
    return price::device_need(*simulation_, gpu, budget_bytes);
  }
  std::vector<Table> results(std::span<std::int64_t const> sums, std::uint64_t tiles) const override {
    PriceResults results;
    if (simulation_) {
      results.paths = simulation_->paths(tiles);
      results.contracts = simulation_->contract_estimates(sums, tiles);
      results.totals = simulation_->total_estimates(sums, tiles);
    }
    if (params_.method != Method::monte_carlo) results.closed = closed_values(params_);
    return make_tables(params_, results);
  }
  std::string summary(std::vector<Table> const& tables) const override { return make_summary(params_, tables); }

 private:
  /// The job but for what does not change a tile's cost.
  std::string tiles_text() const {
    auto alike = params_;
    alike.name = "tiles";
    alike.seed = 1;
    alike.simulation.paths = alike.simulation.tile_paths;
    alike.simulation.stop = {};
    return render_params(alike);
  }
  /// Every n-th instrument of a job of closed forms.
  Miniature fewer_instruments(double tile_s) const {
    double const whole = closed_seconds(params_);
    auto const stride = static_cast<std::size_t>(std::max(1.0, whole / tile_s));
    if (stride == 1) return {};
    auto fewer = params_;
    fewer.instruments.clear();
    for (std::size_t i = stride / 2; i < params_.instruments.size(); i += stride) fewer.instruments.push_back(params_.instruments[i]);
    if (fewer.instruments.empty()) return {};
    double const share = closed_seconds(fewer) / whole;
    return {std::make_shared<PriceJob>(fewer, std::nullopt), share};
  }

  Params params_;
  std::optional<SimulationPlan> simulation_;
};

}  // namespace

std::unique_ptr<Job> make_price_job(Params const& params) { return std::make_unique<PriceJob>(params); }

}  // namespace muster::jobs::price
