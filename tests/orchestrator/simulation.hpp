// A cluster in simulated time around the pure orchestrator: ranks of any speed, messages late,
// reordered and doubled, ranks lost and paused, tiles that fail, rank 0 killed and resumed from any
// save. Ranks that compute together as well.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "orchestrator/events.hpp"

namespace muster::test {

/// What befalls one rank, whichever, at some time.
struct Misfortune {
  enum class Kind { none, slower, stalled, lost };  ///< stalled: gives signs of life, no results
  Kind kind = Kind::none;
  double at_s = 0;
  double factor = 10;  ///< slower by this
};

struct SimulationPlan {
  int ranks = 4;
  std::vector<std::uint64_t> stages{40, 80, 160};
  std::size_t done_stage = 2;  ///< the stop rule says done here
  double most_delay_s = 0.2;   ///< of a message
  double double_chance = 0;    ///< a message arrives twice
  double drop_chance = 0;      ///< a message never arrives; those of a rank's start and end always do
  double watch_chance = 0;     ///< a death or pause is seen by the rank's machine, which tells rank 0
  double jump_chance = 0;      ///< at each event: all of this is late by up to half a minute
  double loss_chance = 0;      ///< of a rank, for good, somewhen
  double pause_chance = 0;     ///< of a rank, longer than it takes to be suspected
  double failure_chance = 0;   ///< of a lease, retryable
  double slow_chance = 0;      ///< of a rank, a hundred times slower
  double kill_chance = 0;      ///< of rank 0, at each event; then the run resumes
  double stop_chance = 0;      ///< of a stop request, at each event; then the run resumes
  double fastest_s = 0.02;     ///< a tile, on a consumer of the fastest rank possible
  double spread = 5;           ///< the slowest takes so many times longer
  double noise = 0.5;          ///< of a lease's time, to either side
  Misfortune misfortune{};
  double heartbeat_s = 1;  ///< of every rank
  bool meets = false;      ///< ranks compute some stages together; messages to a rank keep their order
  int check_every = 1;  ///< events; the invariants of a large cluster take time to check
  orchestrator::LeaseSettings settings{};
};

struct SimulationReport {
  std::string violation;  ///< of an invariant, or empty
  Exit verdict = Exit::bug;
  std::uint64_t tiles = 0;
  std::int64_t sum = 0;
  double seconds = 0;  ///< simulated, of the last life of rank 0
  double over_s = 0;   ///< when its run was over
  /// When it could have been over: every rank at its speed from its first lease on, tiles
  /// divisible.
  double ideal_s = 0;
  int lives = 1;  ///< of rank 0
  double quiet_s = 0;  ///< from the misfortune to the first lease that others got as well
  std::uint64_t events = 0;
  std::uint64_t faults = 0;  ///< messages doubled, dropped or overtaken; ranks lost, paused or failing; jumps; ends of rank 0
  int most_unacknowledged = 0;
  orchestrator::Counters counters;
  std::vector<std::uint64_t> tiles_of_rank;
  std::vector<double> rate_of_rank;  ///< tiles a second, before any misfortune
};

SimulationReport simulate(SimulationPlan const& plan, std::uint64_t seed);

}  // namespace muster::test
