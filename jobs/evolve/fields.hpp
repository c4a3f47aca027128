// The job file of `evolve` as plain data before it is resolved, and its field table.
#pragma once

#include "core/schema.hpp"
#include "jobs/evolve/params.hpp"
#include "jobs/settings.hpp"
#include "topology/plan.hpp"

namespace muster::jobs::evolve {

inline constexpr std::uint64_t most_slots = std::uint64_t{1} << 26;
inline constexpr std::uint64_t most_generations = 1'000'000;
/// What is left of a search that ran out of time is gone through generation by generation.
inline constexpr std::uint64_t most_timed_generations = 10'000;

enum class JobKind { evolve };

struct JobInput {
  JobKind kind = JobKind::evolve;
  std::string name = "evolve";
  topology::Mode mode = topology::Mode::cpu;  ///< meant where the key was given
  std::uint64_t seed = 1;
  Objective objective = Objective::rules;
  std::uint64_t dimensions = 10;
  Precision precision = Precision::single_precision;
  std::uint64_t hall_of_fame = 20;
  std::uint64_t lineage = 100;
  Marked<MarketChoice> market;
  Marked<kernels::backtest::Costs> costs;
  Marked<RuleSpace> rules;
  Marked<SpanChoice> spans;
  Marked<FitnessChoice> fitness;
  Marked<SearchChoice> search;
  Marked<HonestyChoice> honesty;
  schema::Marks marks;
};

schema::Table const& job_table();

/// Names as they stand in job files, in the order of the enums.
schema::Names objective_names();
schema::Names metric_names();
schema::Names indicator_names();

}  // namespace muster::jobs::evolve
