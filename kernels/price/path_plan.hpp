// A group of contracts that share simulated paths, as plain arrays that every executor reads.
// jobs/price/path_group.cpp fills it; nothing in it depends on the machine.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/rng/philox_keys.hpp"

namespace muster::kernels {

enum class Model : std::int32_t { gbm, merton, heston };

/// Numbers of a path's state, for those who count memory; Black-Scholes has one an asset.
inline constexpr int merton_state_size = 4;
inline constexpr int heston_state_size = 5;

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
  double payout = 1;                  ///< digital_cash
  std::int32_t knock_in = 0;
  KnockSide side = KnockSide::down;
  double log_barrier = 0;             ///< single barrier; lower one of two
  double log_upper = 0;
  double rebate = 0;
  std::int32_t rebate_at_hit = 0;
  double past_sum = 0;                ///< asian: sum (or log sum) of the fixings already known
  double mean_factor = 1;             ///< asian: 1 / number of all fixings
  std::int32_t geometric_control = 0; ///< asian_arithmetic: the control is the option on the geometric average
  double past_log_sum = 0;            ///< its past fixings
  double extremum = 0;                ///< lookback: ln of the extremum so far
  std::uint32_t slot_count = 0;       ///< slots of one evaluation
  std::uint32_t first_evaluation = 0; ///< into PathPlan::evaluations; the first one is the plain value
  std::uint32_t evaluation_count = 1;
  std::uint32_t first_row = 0;        ///< into PathPlan::rows; the first one is the price
  std::uint32_t row_count = 1;
  double quantity = 1;                ///< signed quantity x multiplier, weight in the totals
  std::int32_t strategy = -1;         ///< index of the total it belongs to besides the book's; -1 none
};

struct AssetWeight {
  std::uint32_t asset = 0;
  double weight = 1;
};

/// What a sample is multiplied by, besides weights: nothing, a derivative of the density of the log spot
/// (Hermite polynomials of its Gaussian part), or the number of jumps.
enum class Score : std::int32_t { none, first, second, third, fourth, jumps };

/// One way of valuing a contract on a path: in a scenario, with the spots of up to two assets scaled, times a score.
struct Evaluation {
  std::uint32_t scenario = 0;
  Score score = Score::none;
  std::uint32_t first_slot = 0;          ///< into the path's slots
  std::uint32_t first_term = 0;          ///< into PathPlan::terms
  std::uint32_t term_count = 0;
  std::int32_t scaled_asset[2] = {-1, -1};
  double spot_scale[2] = {1, 1};
  double scale_of_asset = 1;             ///< what scales the contract's own asset, and its logarithm
  double log_scale = 0;
  double log_forward_sum = 0;            ///< geometric averages: sum of ln F over the future fixings, scaled
  double gaussian_variance = 1;          ///< of a score
};

/// An evaluation's weight in a row of its contract.
struct Term {
  std::uint32_t row = 0;  ///< counted from the contract's first
  double weight = 1;
};

/// A row of sums: its samples times these powers of two are rounded to integers.
struct RowPlan {
  double scale = 1;
  double control_scale = 1;
  std::uint32_t total_row = 0;  ///< where the row goes in each total; unused for totals
};

/// At the end of a step, a contract looks at the path.
struct Event {
  enum class What : std::int32_t { observe, expire } what = What::observe;
  std::uint32_t contract = 0;
};

/// States the executors have room for: tracks, twice with antithetic pairs.
constexpr std::uint32_t most_states(std::uint32_t assets) { return assets <= 4 ? 64 : 32; }

/// Arrays by scenario come scenario after scenario, the job's own market first. Scenarios share a track where
/// their states would be equal. Rows of sums: contracts first, then the totals (the book last), `total_rows` each.
struct PathPlan {
  Model model = Model::gbm;
  bool single_precision = true;
  bool antithetic = false;
  bool control = false;
  std::uint32_t assets = 1;         ///< as simulated: 1, 2, 4, 8 or 16
  std::uint32_t real_assets = 1;    ///< those that exist
  std::uint32_t steps = 0;
  std::uint32_t tracks = 1;
  std::uint32_t totals = 1;
  std::uint32_t total_rows = 1;
  std::uint32_t stream = 0;         ///< first of the group's random streams
  std::uint32_t slots_per_path = 0;
  std::uint32_t paid_slot = 0;      ///< [tracks][assets] slots of dividends paid, where there are any
  std::uint64_t tile_items = 0;     ///< items a tile: paths, or antithetic pairs
  PhiloxKeys keys{};
  std::vector<double> coefficients;   ///< [tracks][steps][coefficients per step], the model's own
  std::vector<double> start;          ///< [tracks][assets]: variance at the start (Heston)
  std::vector<std::uint32_t> track;   ///< [scenarios]
  std::vector<double> forward;        ///< [scenarios][steps + 1][assets]: spot = forward * exp(x)
  std::vector<double> log_forward;    ///< [scenarios][steps + 1][assets]
  std::vector<double> discount;       ///< [scenarios][steps + 1]: discount factor to the end of the step
  std::vector<double> variance;       ///< [tracks][steps][assets]: Gaussian variance of the step (bridges, scores)
  std::vector<double> dividend;       ///< [steps][assets]: cash dividend at the end of the step; may be empty
  std::vector<double> dividend_share; ///< [tracks][steps][assets]: the same over the track's forward
  std::vector<std::uint32_t> first_event;  ///< [steps + 1]: events of step s are [first_event[s], first_event[s+1])
  std::vector<std::uint32_t> quiet_until;   ///< [steps]: the first step from this one on with an event or dividend
  std::vector<std::uint32_t> steady_until;  ///< [steps]: the first step from this one on with other coefficients
  std::vector<Event> events;
  std::vector<ContractPlan> contracts;
  std::vector<AssetWeight> weights;
  std::vector<Evaluation> evaluations;
  std::vector<Term> terms;
  std::vector<RowPlan> rows;
  /// Highest number of rows of one contract.
  std::uint32_t most_rows = 1;

  /// Whether a path has one state and every contract one row: what the fastest code assumes.
  bool is_plain() const { return tracks == 1 && most_rows == 1 && total_rows == 1; }
  std::uint32_t total_offset() const { return static_cast<std::uint32_t>(rows.size()) - totals * total_rows; }
};

}  // namespace muster::kernels
