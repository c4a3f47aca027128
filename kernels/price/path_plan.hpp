// A group of contracts that share simulated paths, as plain arrays that every executor reads.
// jobs/price/plan.cpp fills it; nothing in it depends on the machine.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/rng/philox_keys.hpp"

namespace muster::kernels {

enum class Model : std::int32_t { gbm, merton, heston };

enum class PathPayoff : std::int32_t {
  european, digital_cash, digital_asset,
  asian_arithmetic, asian_geometric,
  barrier_discrete, barrier_bridge, double_barrier_discrete, double_barrier_bridge,
  lookback_discrete, lookback_bridge,
  basket, best_of, worst_of,
};
inline constexpr int payoff_count = 14;

enum class KnockSide : std::int32_t { down, up };

/// One contract, unit notional. Prices in the contract's currency; `log_*` relative to nothing: ln(level).
struct ContractPlan {
  PathPayoff payoff = PathPayoff::european;
  double right = 1;                   ///< +1 call, -1 put
  std::int32_t floating_strike = 0;   ///< asian and lookback: strike against the terminal spot
  std::uint32_t asset = 0;
  std::uint32_t first_weight = 0;     ///< basket, best_of, worst_of: into PathPlan::weights
  std::uint32_t weight_count = 0;
  std::uint32_t first_slot = 0;       ///< into the path's slots
  double strike = 0;
  double discount = 1;                ///< to expiry
  double payout = 1;                  ///< digital_cash
  std::int32_t knock_in = 0;
  KnockSide side = KnockSide::down;
  double log_barrier = 0;             ///< single barrier; lower one of two
  double log_upper = 0;
  double rebate = 0;
  std::int32_t rebate_at_hit = 0;
  double past_sum = 0;                ///< asian: sum (or log sum) of the fixings already known
  double mean_factor = 1;             ///< asian: 1 / number of all fixings
  double log_forward_sum = 0;         ///< asian_geometric: sum of ln F over the future fixings
  double extremum = 0;                ///< lookback: ln of the extremum so far
  std::uint32_t expiry_step = 0;      ///< the step (1-based) at whose end it pays
  double control_scale_in = 1;        ///< control = control_scale_in * its linear asset sum
  double scale = 1;                   ///< power of two; sample * scale is rounded to an integer
  double control_scale = 1;           ///< same for the control
  double quantity = 1;                ///< signed quantity x multiplier, weight in the totals
  std::int32_t strategy = -1;         ///< index of the total it belongs to besides the book's; -1 none
};

struct AssetWeight {
  std::uint32_t asset = 0;
  double weight = 1;
};

/// At the end of a step, a contract looks at the path.
struct Event {
  enum class What : std::int32_t { observe, expire } what = What::observe;
  std::uint32_t contract = 0;
};

/// A total over contracts (a strategy or the book) with its own scale.
struct TotalPlan {
  double scale = 1;
  double control_scale = 1;
};

/// Rows of sums: contracts first, then totals.
struct PathPlan {
  Model model = Model::gbm;
  bool single_precision = true;
  bool antithetic = false;
  bool control = false;
  std::uint32_t assets = 1;         ///< as simulated: 1, 2, 4, 8 or 16
  std::uint32_t real_assets = 1;    ///< those that exist
  std::uint32_t steps = 0;
  std::uint32_t stream = 0;         ///< first of the group's random streams
  std::uint32_t slots_per_path = 0;
  std::uint64_t tile_items = 0;     ///< items a tile: paths, or antithetic pairs
  PhiloxKeys keys{};
  std::vector<double> coefficients;   ///< [steps][coefficients per step], the model's own
  std::vector<double> forward;        ///< [steps + 1][assets]: spot = forward * exp(x)
  std::vector<double> log_forward;    ///< [steps + 1][assets]
  std::vector<double> variance;       ///< [steps][assets]: integrated variance of the step (bridges)
  std::vector<double> discount;       ///< [steps + 1]: discount factor to the end of the step
  std::vector<double> dividend;       ///< [steps][assets]: cash dividend at the end of the step; may be empty
  std::vector<std::uint32_t> first_event;  ///< [steps + 1]: events of step s are [first_event[s], first_event[s+1])
  std::vector<std::uint32_t> quiet_until;   ///< [steps]: the first step from this one on with an event or dividend
  std::vector<std::uint32_t> steady_until;  ///< [steps]: the first step from this one on with other coefficients
  std::vector<Event> events;
  std::vector<ContractPlan> contracts;
  std::vector<AssetWeight> weights;
  std::vector<TotalPlan> totals;      ///< the book last
  double total_control_scale_in = 1;  ///< the totals' control: this times asset 0 at the last step

  std::uint64_t rows() const { return contracts.size() + totals.size(); }
};

}  // namespace muster::kernels
