#include "jobs/price/price_job.hpp"

#include "jobs/price/closed.hpp"
#include "jobs/price/results.hpp"
#include "jobs/price/simulation.hpp"

namespace muster::jobs::price {
namespace {

class PriceJob final : public Job {
 public:
  explicit PriceJob(Params const& params) : params_(params) {
    if (params_.method != Method::closed_form) simulation_.emplace(params_);
  }

  std::string_view kind() const override { return "price"; }
  std::size_t slots() const override { return simulation_ ? simulation_->slots() : 0; }
  std::vector<std::uint64_t> stages() const override {
    return simulation_ ? simulation_->stages() : std::vector<std::uint64_t>{0};
  }
  bool is_done(std::span<std::int64_t const> sums, std::uint64_t tiles) const override {
    return !simulation_ || tiles == stages().back() || simulation_->meets_target(sums, tiles);
  }
  void normalize(std::span<std::int64_t> sums) const override {
    if (simulation_) simulation_->normalize(sums);
  }
  WorkUnit work_unit() const override { return {"path-steps", simulation_ ? simulation_->work_per_tile() : 1}; }
  std::unique_ptr<TileRunner> make_runner(Device device) const override {
    return make_simulation_runner(*simulation_, params_, device);
  }
  std::vector<Table> results(std::span<std::int64_t const> sums, std::uint64_t tiles) const override {
    PriceResults results;
    if (simulation_) {
      results.paths = simulation_->paths(tiles);
      results.contracts = simulation_->contract_estimates(sums, tiles);
      results.totals = simulation_->total_estimates(sums, tiles);
    }
    if (params_.method != Method::monte_carlo)
      for (auto const& instrument : params_.instruments) results.closed.push_back(closed_form(params_.market, instrument));
    return make_tables(params_, results);
  }
  std::string summary(std::vector<Table> const& tables) const override { return make_summary(params_, tables); }

 private:
  Params params_;
  std::optional<SimulationPlan> simulation_;
};

}  // namespace

std::unique_ptr<Job> make_price_job(Params const& params) { return std::make_unique<PriceJob>(params); }

}  // namespace muster::jobs::price
