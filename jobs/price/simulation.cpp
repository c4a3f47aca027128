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
  wants_price_ = std::find(params.outputs.begin(), params.outputs.end(), Output::price) != params.outputs.end();
  std::uint32_t index = 0;
  for (auto const& group : make_groups(params)) groups_.push_back(make_path_group(params, group, index++));
  for (auto const& group : groups_) {
    first_slot_.push_back(slots_);
    slots_ += group.plan.rows.size() * row_slots_;
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

SimulationPlan SimulationPlan::with_tiles(std::uint64_t items) const {
  auto smaller = *this;
  smaller.simulation_.tile_paths = simulation_.tile_paths / tile_items_ * items;
  smaller.tile_items_ = items;
  for (auto& group : smaller.groups_) group.plan.tile_items = items;
  return smaller;
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
  scale.scale = g.plan.rows[row].scale;
  scale.control_scale = g.plan.rows[row].control_scale;
  return estimate(sums.subspan(first_slot_[group] + row * row_slots_, row_slots_), tiles * tile_items_, scale);
}

std::vector<std::vector<MeasureEstimate>> SimulationPlan::contract_estimates(std::span<std::int64_t const> sums,
                                                                             std::uint64_t tiles) const {
  std::vector<std::vector<MeasureEstimate>> estimates(instruments_);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::size_t c = 0; c < groups_[g].instruments.size(); ++c) {
      auto& of_contract = estimates[groups_[g].instruments[c]];
      std::size_t row = groups_[g].plan.contracts[c].first_row;
      for (auto const& what : groups_[g].rows[c]) of_contract.push_back({what, row_estimate(g, row++, sums, tiles)});
    }
  }
  return estimates;
}

namespace {

/// Adds an independent estimate of the same measure.
void add(std::vector<MeasureEstimate>& to, MeasureEstimate const& more) {
  auto const known = std::find_if(to.begin(), to.end(), [&](auto const& m) { return m.what == more.what; });
  if (known == to.end()) return to.push_back(more);
  Estimate& sum = known->value;
  sum.mean += more.value.mean;
  sum.standard_error =
      std::sqrt(sum.standard_error * sum.standard_error + more.value.standard_error * more.value.standard_error);
}

}  // namespace

std::vector<TotalEstimate> SimulationPlan::total_estimates(std::span<std::int64_t const> sums, std::uint64_t tiles) const {
  std::vector<TotalEstimate> totals;
  TotalEstimate book{"book", {}};
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    auto const& group = groups_[g];
    std::size_t row = group.plan.total_offset();
    for (std::uint32_t t = 0; t < group.plan.totals; ++t) {
      bool const is_book = t + 1 == group.plan.totals;
      auto known = is_book ? totals.end() : std::find_if(totals.begin(), totals.end(), [&](auto const& total) {
        return total.name == group.strategies[t];
      });
      if (!is_book && known == totals.end()) known = totals.insert(totals.end(), {group.strategies[t], {}});
      for (auto const& what : group.total_rows)
        add(is_book ? book.measures : known->measures, {what, row_estimate(g, row++, sums, tiles)});
    }
  }
  totals.push_back(book);
  return totals;
}

bool SimulationPlan::meets_target(std::span<std::int64_t const> sums, std::uint64_t tiles) const {
  if (tiles * tile_items_ < 2) return false;
  for (auto const& contract : contract_estimates(sums, tiles)) {
    for (auto const& [what, value] : contract) {
      if (what.measure == Measure::price && !wants_price_) continue;
      double const target = simulation_.stop.relative ? simulation_.stop.target_stderr * std::abs(value.mean)
                                                      : simulation_.stop.target_stderr;
      if (!(value.standard_error <= target)) return false;
    }
  }
  return true;
}

}  // namespace muster::jobs::price
