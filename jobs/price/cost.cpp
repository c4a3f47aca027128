#include "jobs/price/cost.hpp"

#include <algorithm>

#include "jobs/price/work.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::price {
namespace {

/// Lanes and precision of the path memory of a CPU thread (kernels/price/host_paths_body.cpp).
constexpr std::uint64_t lanes = 256;

template <class... Array>
std::uint64_t bytes_of(Array const&... arrays) {
  return (... + (arrays.size() * sizeof(arrays[0])));
}

std::uint64_t plan_bytes(kernels::PathPlan const& p) {
  return bytes_of(p.coefficients, p.start, p.track, p.forward, p.log_forward, p.discount, p.variance, p.dividend,
                  p.dividend_share, p.first_event, p.quiet_until, p.steady_until, p.events, p.contracts, p.weights,
                  p.evaluations, p.terms, p.rows);
}

/// The plan's copy, the states of all tracks, path memory, totals, samples and raw sums of one thread.
std::uint64_t thread_bytes(kernels::PathPlan const& p) {
  std::uint64_t const real = p.single_precision ? sizeof(float) : sizeof(double);
  std::uint64_t const state = p.model == kernels::Model::gbm ? p.assets : 5;
  std::uint64_t const states = std::uint64_t{2} * p.tracks * (state + std::uint64_t{3} * p.assets) * real;
  std::uint64_t const slots = std::uint64_t{2} * p.slots_per_path * real;
  std::uint64_t const samples = (std::uint64_t{p.totals} * p.total_rows + 2 * p.most_rows) * sizeof(double);
  return plan_bytes(p) + p.coefficients.size() * real + lanes * (states + slots + samples) +
         p.rows.size() * kernels::raw_sums * sizeof(std::int64_t);
}

double seconds_of_form(Market const& market, InstrumentKind kind) {
  // Rough: closed forms are a small part of any job (docs/performance.md has those that were measured).
  if (market.model == ModelKind::heston) return 1.2e-4;
  if (market.model == ModelKind::merton) return 2.0e-5;
  switch (kind) {
    case InstrumentKind::double_barrier: return 2.0e-5;
    case InstrumentKind::barrier: return 5e-6;
    default: return 2e-6;
  }
}

}  // namespace

topology::Cost cost_of_paths(SimulationPlan const& plan) {
  topology::Cost cost;
  double in_double = 0;
  for (auto const& group : plan.groups()) {
    auto const kind = class_of(group.plan);
    auto const counts = count_efforts(group.plan);
    auto const& times = effort_times(kind);
    double const gpu_s = seconds(counts, times.gpu_s);
    cost.tile_core_s += seconds(counts, times.core_s);
    cost.tile_gpu_s += gpu_s;
    if (!group.plan.single_precision) in_double += gpu_s;
    cost.job_bytes += plan_bytes(group.plan);
    cost.thread_bytes += thread_bytes(group.plan);
  }
  cost.double_share = cost.tile_gpu_s > 0 ? in_double / cost.tile_gpu_s : 0;
  cost.sums_bytes = plan.slots() * sizeof(std::int64_t);
  return cost;
}

double closed_seconds(Params const& params) {
  double sum = 0;
  for (auto const& instrument : params.instruments) sum += seconds_of_form(params.market, instrument.kind);
  return sum;
}

std::uint64_t items_within(SimulationPlan const& plan, Device::Kind kind, double tile_s) {
  auto const cost = cost_of_paths(plan);
  double const whole_s = kind == Device::Kind::host ? cost.tile_core_s : cost.tile_gpu_s;
  std::uint64_t items = plan.tile_items();
  for (double s = whole_s; s > tile_s && items > lanes; s /= 2) items /= 2;
  return items;
}

}  // namespace muster::jobs::price
