#include "jobs/price/simulation.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::price {

SimulationPlan::SimulationPlan(Params const& params)
    : simulation_(params.simulation),
      instruments_(params.instruments.size()),
      row_slots_(params.simulation.control_variate ? kernels::slots_control : kernels::slots_plain),
      tile_items_(price::tile_items(params.simulation)) {
  std::uint32_t index = 0;
  for (auto const& group : make_groups(params)) groups_.push_back(make_path_group(params, group, index++));
  for (auto const& group : groups_) {
    first_slot_.push_back(slots_);
    slots_ += group.plan.rows() * row_slots_;
  }
}

std::uint64_t SimulationPlan::paths(std::uint64_t tiles) const { return tiles * simulation_.tile_paths; }

double SimulationPlan::work_per_tile() const {
  double work = 0;
  for (auto const& group : groups_)
    work += static_cast<double>(group.plan.steps) * group.plan.real_assets * static_cast<double>(simulation_.tile_paths);
  return work;
}

std::vector<std::uint64_t> SimulationPlan::stages() const {
  auto const tiles_for = [&](std::uint64_t paths) { return (paths + simulation_.tile_paths - 1) / simulation_.tile_paths; };
  if (simulation_.stop.target_stderr <= 0) return {tiles_for(simulation_.paths)};
  std::uint64_t const most = tiles_for(simulation_.stop.max_paths);
  std::vector<std::uint64_t> stages;
  for (std::uint64_t tiles = 1; tiles < most; tiles *= 2) stages.push_back(tiles);
  stages.push_back(most);
  return stages;
}

void SimulationPlan::normalize(std::span<std::int64_t> sums) const {
  for (std::size_t at = 0; at < sums.size(); at += row_slots_)
    kernels::carry_row(sums.data() + at, simulation_.control_variate);
}

Estimate SimulationPlan::row_estimate(std::size_t group, std::size_t row, std::span<std::int64_t const> sums,
                                      std::uint64_t tiles) const {
  auto const& g = groups_[group];
  RowScale scale;
  scale.with_control = simulation_.control_variate;
  scale.control_mean = g.control_means[row];
  if (row < g.plan.contracts.size()) {
    scale.scale = g.plan.contracts[row].scale;
    scale.control_scale = g.plan.contracts[row].control_scale;
  } else {
    auto const& total = g.plan.totals[row - g.plan.contracts.size()];
    scale.scale = total.scale;
    scale.control_scale = total.control_scale;
  }
  return estimate(sums.subspan(first_slot_[group] + row * row_slots_, row_slots_), tiles * tile_items_, scale);
}

std::vector<Estimate> SimulationPlan::contract_estimates(std::span<std::int64_t const> sums, std::uint64_t tiles) const {
  std::vector<Estimate> estimates(instruments_);
  for (std::size_t g = 0; g < groups_.size(); ++g)
    for (std::size_t row = 0; row < groups_[g].instruments.size(); ++row)
      estimates[groups_[g].instruments[row]] = row_estimate(g, row, sums, tiles);
  return estimates;
}

std::vector<TotalEstimate> SimulationPlan::total_estimates(std::span<std::int64_t const> sums, std::uint64_t tiles) const {
  std::vector<TotalEstimate> totals;
  TotalEstimate book{"book", {}};
  auto const add = [](Estimate& to, Estimate const& more) {
    to.mean += more.mean;
    to.standard_error = std::sqrt(to.standard_error * to.standard_error + more.standard_error * more.standard_error);
  };
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::size_t const contracts = groups_[g].plan.contracts.size();
    for (std::size_t t = 0; t < groups_[g].plan.totals.size(); ++t) {
      Estimate const value = row_estimate(g, contracts + t, sums, tiles);
      if (t + 1 == groups_[g].plan.totals.size()) {
        add(book.value, value);
        continue;
      }
      auto const& name = groups_[g].strategies[t];
      auto const known = std::find_if(totals.begin(), totals.end(), [&](auto const& total) { return total.name == name; });
      if (known == totals.end())
        totals.push_back({name, value});
      else
        add(known->value, value);
    }
  }
  totals.push_back(book);
  return totals;
}

bool SimulationPlan::meets_target(std::span<std::int64_t const> sums, std::uint64_t tiles) const {
  if (tiles * tile_items_ < 2) return false;
  for (auto const& value : contract_estimates(sums, tiles)) {
    double const target = simulation_.stop.relative ? simulation_.stop.target_stderr * std::abs(value.mean)
                                                    : simulation_.stop.target_stderr;
    if (!(value.standard_error <= target)) return false;
  }
  return true;
}

}  // namespace muster::jobs::price
