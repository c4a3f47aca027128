// How leases are cut and when a rank is given up. None of it can change a bit of a result.
#pragma once

#include <cstdint>

namespace muster::orchestrator {

/// A lease's tiles are summed without a carry in between: accumulators have headroom for 2^20
/// tiles.
inline constexpr std::uint64_t most_tiles_per_lease = std::uint64_t{1} << 18;

/// May tiles that one rank is late with be given to another as well? The first answer counts.
enum class Hedging { off, on };

struct LeaseSettings {
  std::uint64_t max_tiles_per_lease = 65'536;
  double target_lease_s = 0.25;      ///< aimed at, from the rank's measured seconds a tile
  double smallest_lease_s = 0.005;   ///< towards the end of a stage leases shrink down to this
  unsigned leases_per_consumer = 2;  ///< held by a rank for each of its consumers: lookahead
  unsigned leases_per_message = 64;
  unsigned unacknowledged_limit = 8;    ///< messages to one rank that it has not acknowledged
  double suspect_after_s = 5;          ///< silence (ranks send a sign of life every second at least)
  /// Calls of on_tick without a word of a rank, after which others get its leases as well; 0: never.
  unsigned quiet_after_ticks = 0;
  double least_deadline_s = 60;         ///< of a lease whose rank has measured its cost
  double unmeasured_deadline_s = 3600;  ///< of a lease whose cost nobody knows yet
  double deadline_factor = 20;          ///< times the expected time
  Hedging hedging = Hedging::on;
  double least_hedge_gain_s = 0.05;  ///< expected of a second lease of the same tiles
  unsigned attempts = 5;       ///< of one range of tiles, retryable failures and losses together
  unsigned rank_failures = 3;  ///< retryable ones in a row; then the rank gets no more work
  unsigned deaths_own = 3;  ///< of ranks at the same tiles by their own doing; then these are set aside
  unsigned deaths_any = 6;  ///< with those killed from outside
  unsigned meetings = 3;  ///< that fail one after the other; then sums go through rank 0
  double start_limit_s = 300;  ///< ranks not ready by then are no hope when nobody else can compute
  double gathering_s = 2;  ///< at the start, ranks not yet heard of are kept their share this long
};

}  // namespace muster::orchestrator
