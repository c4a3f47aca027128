// The tally of a group's rule: its closes are kept, one a lane, until all lanes have one; then they are added up in order of
// time, a lane a sum. Included by cuda_backtest.cu alone.
#pragma once

#include <cstdint>

#include "kernels/backtest/account.hpp"
#include "kernels/backtest/cuda_group.hpp"

MUSTER_BACKTEST_BEGIN

template <class Shape>
class GroupTally {
 public:
  using Sums = double (&)[most_tally_sums][33];

  __device__ GroupTally(Sums sums, int lane_of_warp)
      : sums_(sums), lane_of_warp_(lane_of_warp), lane_(lane_of_warp % Shape::lanes) {}

  __device__ void begin(double equity) {
    peak_ = equity;
#pragma unroll
    for (int i = 0; i < rounds; ++i) totals_[i] = 0;
    deepest_ = 0;
    bars_ = trades_ = wins_ = invested_ = 0;
    count_ = 0;
#pragma unroll
    for (int i = 0; i < most_tally_sums; ++i) sums_[i][lane_of_warp_] = 1;
  }

  /// Before ledger.pass.
  __device__ void keep(Ledger const& ledger, BarClose const& close, std::int64_t gross) {
    if (count_ == lane_)
      put({ledger.equity, close.equity, close.carried_usd, gross, ledger.value, ledger.fees, ledger.dividends});
    ++count_;
    bars_ += 1;
    trades_ += ledger.trades;
    wins_ += ledger.wins;
    invested_ += gross > 0 ? 1 : 0;
  }

  /// Adds what was kept. All lanes of the warp call it.
  __device__ void add() {
    Kept const kept = taken();
    descend(kept);
    spread_terms(kept);
    __syncwarp();
#pragma unroll
    for (int j = 0; j < Shape::lanes; ++j)
#pragma unroll
      for (int i = 0; i < rounds; ++i)
        if (j < count_ && has_sum(i)) totals_[i] += sums_[lane_ + i * Shape::lanes][lane_of_warp_ - lane_ + j];
    __syncwarp();
    count_ = 0;
  }

  /// After the last add: the whole tally, in the first lane of the group.
  __device__ Tally told(double start, double end, Ending ending) {
#pragma unroll
    for (int i = 0; i < rounds; ++i)
      if (has_sum(i)) sums_[lane_ + i * Shape::lanes][lane_of_warp_ - lane_] = totals_[i];
    __syncwarp();
    auto const sum = [&](int i) { return sums_[i][lane_of_warp_]; };
    Tally tally{bars_,  sum(0), sum(1), sum(2), sum(3), sum(4), start, end, deepest_, sum(5), sum(6),
                sum(7), sum(8), sum(9), trades_, wins_, invested_, ending};
    __syncwarp();
    return tally;
  }

 private:
  static constexpr int rounds = (most_tally_sums + Shape::lanes - 1) / Shape::lanes;

  /// A close.
  struct Kept {
    double before = 1;  ///< equity
    double now = 1;
    double carried_usd = 0;
    std::int64_t gross = 0;
    std::int64_t value = 0;
    std::int64_t fees = 0;
    std::int64_t dividends = 0;
  };

  /// Between adds, a lane's close lies where its terms will.
  __device__ void put(Kept const& kept) {
    double const all[] = {kept.before, kept.now, kept.carried_usd, __longlong_as_double(kept.gross),
                          __longlong_as_double(kept.value), __longlong_as_double(kept.fees), __longlong_as_double(kept.dividends)};
    int i = 0;
    for (double const each : all) sums_[i++][lane_of_warp_] = each;
  }
  __device__ Kept taken() const {
    auto const units = [&](int i) { return __double_as_longlong(sums_[i][lane_of_warp_]); };
    return {sums_[0][lane_of_warp_], sums_[1][lane_of_warp_], sums_[2][lane_of_warp_], units(3), units(4), units(5), units(6)};
  }

  __device__ bool has_sum(int i) const { return lane_ + i * Shape::lanes < most_tally_sums; }

  /// Highest equity and deepest drawdown.
  __device__ void descend(Kept const& kept) {
    bool const has = lane_ < count_;
    double peak = has ? kept.now : 0.0;
#pragma unroll
    for (int offset = 1; offset < Shape::lanes; offset *= 2) {
      double const other = __shfl_up_sync(whole_warp, peak, static_cast<unsigned>(offset), Shape::lanes);
      peak = lane_ >= offset && other > peak ? other : peak;
    }
    peak = peak > peak_ ? peak : peak_;
    double const drawdown = has ? (peak - kept.now) / peak : 0.0;
    double const deepest = group_most<Shape>(drawdown);
    deepest_ = deepest > deepest_ ? deepest : deepest_;
    peak_ = __shfl_sync(whole_warp, peak, Shape::lanes - 1, Shape::lanes);
  }

  __device__ void spread_terms(Kept const& kept) {
    ReturnTerms const terms = return_terms(kept.now, kept.before);
    double const all[most_tally_sums] = {terms.r, terms.square, terms.cube, terms.fourth, terms.down_square,
                                         exposure_of(kept.gross, kept.now), to_usd(kept.value), to_usd(kept.fees),
                                         kept.carried_usd, to_usd(kept.dividends)};
#pragma unroll
    for (int i = 0; i < most_tally_sums; ++i) sums_[i][lane_of_warp_] = all[i];
  }

  Sums sums_;
  int lane_of_warp_;
  int lane_;
  int count_ = 0;
  double totals_[rounds] = {};
  double peak_ = 0, deepest_ = 0;
  std::uint32_t bars_ = 0, trades_ = 0, wins_ = 0, invested_ = 0;
};

MUSTER_BACKTEST_END
