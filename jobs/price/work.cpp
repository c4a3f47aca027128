#include "jobs/price/work.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace muster::jobs::price {
namespace {

using kernels::PathPayoff;
using kernels::PathPlan;

/// A CPU computes so many paths at a time; the last ones of a tile are computed and not counted.
constexpr double lanes = 256;

std::uint32_t normals_a_step(PathPlan const& plan) {
  switch (plan.model) {
    case kernels::Model::merton: return 3;
    case kernels::Model::heston: return 2;
    case kernels::Model::gbm: break;
  }
  return plan.assets;
}

double blocks(PathPlan const& plan) {
  std::uint32_t const per_block = plan.single_precision ? 6 : 4;
  std::uint32_t const normals = normals_a_step(plan);
  if (normals >= per_block) return double((normals + per_block - 1) / per_block) * plan.steps;
  std::uint32_t const steps = per_block / normals;
  return double((plan.steps + steps - 1) / steps);
}

Effort step_of(PathPlan const& plan) {
  switch (plan.model) {
    case kernels::Model::merton: return Effort::merton;
    case kernels::Model::heston: return Effort::heston;
    case kernels::Model::gbm: break;
  }
  switch (plan.assets) {
    case 1: return Effort::step_1;
    case 2: return Effort::step_2;
    case 4: return Effort::step_4;
    case 8: return Effort::step_8;
    default: return Effort::step_16;
  }
}

Effort observation_of(PathPayoff payoff) {
  switch (payoff) {
    case PathPayoff::lookback_discrete: return Effort::extremum;
    case PathPayoff::lookback_bridge: return Effort::bridge_extremum;
    case PathPayoff::barrier_discrete:
    case PathPayoff::double_barrier_discrete: return Effort::barrier;
    case PathPayoff::barrier_bridge: return Effort::bridge;
    case PathPayoff::double_barrier_bridge: return Effort::double_bridge;
    default: return Effort::average;
  }
}

Effort payment_of(PathPlan const& plan, kernels::ContractPlan const& contract) {
  switch (contract.payoff) {
    case PathPayoff::digital_cash:
    case PathPayoff::digital_asset:
      return plan.model == kernels::Model::heston ? Effort::pay_smooth : Effort::pay;
    case PathPayoff::asian_geometric:
    case PathPayoff::lookback_discrete:
    case PathPayoff::lookback_bridge: return Effort::pay_exp;
    case PathPayoff::asian_arithmetic: return contract.geometric_control != 0 ? Effort::pay_exp : Effort::pay;
    default: return Effort::pay;
  }
}

/// Counts by path, in a tile's unit at the end.
class Counter {
 public:
  explicit Counter(PathPlan const& plan)
      : plan_(plan), copies_(plan.antithetic ? 2 : 1), states_(plan.tracks * copies_) {}

  Efforts count() {
    count_steps();
    for (auto const& event : plan_.events) {
      auto const& contract = plan_.contracts[event.contract];
      if (event.what == kernels::Event::What::expire)
        count_payoff(contract);
      else
        count_observation(contract);
    }
    at(plan_.control ? Effort::controlled_row : Effort::row) += double(plan_.rows.size());
    at(Effort::slot) += copies_ * plan_.slots_per_path;
    double const items = std::ceil(double(plan_.tile_items) / lanes) * lanes;
    for (double& effort : counts_) effort *= items;
    at(Effort::fold) = double(plan_.rows.size()) * (plan_.control ? 16 : 6);
    at(Effort::tile) = 1;
    return counts_;
  }

 private:
  double& at(Effort effort) { return counts_[static_cast<std::size_t>(effort)]; }

  void count_steps() {
    at(Effort::draw) = blocks(plan_);
    double looks = 0, dividends = 0, quiet = 0;
    for (std::uint32_t s = 0; s < plan_.steps; ++s) {
      bool const is_busy = plan_.first_event[s] != plan_.first_event[s + 1];
      looks += is_busy ? 1 : 0;
      quiet += plan_.quiet_until[s] != s ? 1 : 0;
      if (!plan_.dividend.empty()) dividends += (is_busy ? 1 : 0) + (pays_dividend(s) ? 1 : 0);
    }
    bool const is_steady = plan_.model == kernels::Model::gbm && plan_.assets == 1 && plan_.tracks == 1;
    at(Effort::steady) = is_steady ? states_ * quiet : 0;
    at(step_of(plan_)) += states_ * (plan_.steps - (is_steady ? quiet : 0));
    at(Effort::look) = states_ * plan_.assets * looks;
    at(Effort::dividend) = states_ * plan_.assets * dividends;
  }

  bool pays_dividend(std::uint32_t s) const {
    auto const at = plan_.dividend.begin() + static_cast<std::ptrdiff_t>(std::size_t{s} * plan_.assets);
    return std::any_of(at, at + plan_.assets, [](double paid) { return paid != 0; });
  }

  void count_observation(kernels::ContractPlan const& contract) {
    at(observation_of(contract.payoff)) += copies_ * contract.evaluation_count;
    at(Effort::rescaled) += copies_ * rescaled(contract);
  }

  /// Evaluations that see the spot scaled where dividends have been paid: they cannot share what others see.
  double rescaled(kernels::ContractPlan const& contract) const {
    if (plan_.dividend.empty() || plan_.is_plain()) return 0;
    auto const first = plan_.evaluations.begin() + contract.first_evaluation;
    return double(std::count_if(first, first + contract.evaluation_count,
                                [](auto const& e) { return e.spot_scale[0] != 1 || e.spot_scale[1] != 1; }));
  }

  void count_payoff(kernels::ContractPlan const& contract) {
    bool const one_row = plan_.is_plain() || contract.row_count == 1;
    double const evaluations = one_row ? 1 : contract.evaluation_count;
    at(payment_of(plan_, contract)) += copies_ * evaluations;
    at(Effort::weight) += copies_ * evaluations * contract.weight_count;
    if (one_row) return;
    at(Effort::rescaled) += copies_ * rescaled(contract);
    for (std::uint32_t e = 0; e < contract.evaluation_count; ++e) {
      auto const& evaluation = plan_.evaluations[contract.first_evaluation + e];
      at(Effort::score) += evaluation.score == kernels::Score::none ? 0 : copies_;
      at(Effort::term) += evaluation.term_count;
    }
  }

  PathPlan const& plan_;
  double copies_, states_;
  Efforts counts_{};
};

}  // namespace

std::string_view to_string(Effort effort) {
  static constexpr std::array<std::string_view, efforts> words{
      "draw", "steady", "step_1", "step_2", "step_4", "step_8", "step_16", "merton", "heston", "look", "dividend", "rescaled",
      "average", "extremum", "bridge_extremum", "barrier", "bridge", "double_bridge", "pay", "pay_exp", "pay_smooth", "weight",
      "score", "term", "row", "controlled_row", "slot", "fold", "tile"};
  return words.at(static_cast<std::size_t>(effort));
}

PathClass class_of(PathPlan const& plan) {
  int const derivatives = plan.is_plain() ? 0 : 1;
  return static_cast<PathClass>((plan.single_precision ? 0 : 2) + derivatives);
}

Efforts count_efforts(PathPlan const& plan) { return Counter(plan).count(); }

double seconds(Efforts const& counts, Efforts const& each) {
  return std::inner_product(counts.begin(), counts.end(), each.begin(), 0.0);
}

}  // namespace muster::jobs::price
