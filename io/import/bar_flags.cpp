#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "io/import/bar_clean.hpp"
#include "io/import/bar_grid.hpp"

namespace muster::io {
namespace {

/// What one share held at the last close has become before a bar's open.
struct EventStep {
  double before = 0;  ///< the last close
  double adjusted_before = 0;
  double shares = 1;
  double cash = 0;

  void pass(Bars const& bars, std::size_t i) {
    shares = shares * bars.split[i];
    cash = cash + shares * bars.dividend[i];
  }
  void close_at(double close, double adjusted) { *this = {close, adjusted, 1, 0}; }
};

constexpr double large_dividend = 0.10;             // of the close before it
constexpr double split_bounds[] = {0.75, 4.0 / 3};  // at a split, with the cash
constexpr double jump_bounds[] = {0.55, 1.8};       // without any event
constexpr double vendor_tolerance = 0.005;

bool is_outside(double ratio, double const (&bounds)[2]) {
  return ratio < bounds[0] || ratio > bounds[1];
}

class Flagger {
 public:
  Flagger(BarGrid& grid, std::uint32_t symbol) : grid_(grid), bars_(grid.bars), symbol_(symbol) {}

  void run() {
    for (std::size_t t = 0; t < bars_.size(); ++t) {
      std::size_t const i = bars_.at(t, symbol_);
      if (step_.before > 0) step_.pass(bars_, i);
      if (bars_.status[i] != BarStatus::traded) continue;
      if (step_.before > 0) look_at(t, i);
      step_.close_at(bars_.close[i], grid_.adjusted_close[i]);
    }
  }

 private:
  void look_at(std::size_t bar, std::size_t i) {
    if (step_.cash > 0) look_at_dividend(bar, i);
    if (step_.shares != 1) look_at_split(bar, i);
    double const gap = bars_.open[i] / step_.before;
    if (step_.shares == 1 && step_.cash == 0 && is_outside(gap, jump_bounds))
      flag(bar, "jump_without_event",
           fmt::format("opens at {:.2f} times the close before, and no split is known", gap));
    look_at_vendor(bar, i);
  }

  void look_at_dividend(std::size_t bar, std::size_t i) {
    double const share = step_.cash / step_.before;
    if (share < large_dividend) return;
    flag(bar, "large_dividend",
         fmt::format("dividend of {:.4g}, {:.0f} % of the close before: a spin-off, a merger or a "
                     "special one?",
                     step_.cash, share * 100));
    double const left = step_.shares * bars_.open[i];
    if (step_.before - left < step_.cash / 2)
      flag(bar, "dividend_without_fall",
           fmt::format("dividend of {:.4g}, but the open is {:.2f} times the close before",
                       step_.cash, left / step_.before));
  }

  void look_at_split(std::size_t bar, std::size_t i) {
    if (!simple_ratio(step_.shares))
      flag(bar, "odd_split",
           fmt::format("split of {:.6g}, no simple ratio: a spin-off written as one?",
                       step_.shares));
    if (step_.cash > 0)
      flag(bar, "split_with_dividend",
           fmt::format("split of {:.6g} and dividend of {:.4g} at once", step_.shares, step_.cash));
    double const ratio = (step_.shares * bars_.open[i] + step_.cash) / step_.before;
    if (is_outside(ratio, split_bounds))
      flag(bar, "price_against_split",
           fmt::format("split of {:.6g}, after which the open is {:.2f} times the close before: a "
                       "wrong split, or a spin-off with it?",
                       step_.shares, ratio));
  }

  void look_at_vendor(std::size_t bar, std::size_t i) {
    double const vendor = grid_.adjusted_close[i] / step_.adjusted_before;
    double const own = (step_.shares * bars_.close[i] + step_.cash) / step_.before;
    if (!(std::fabs(vendor / own - 1) > vendor_tolerance)) return;
    flag(bar, "adjusted_close_differs",
         fmt::format("the vendor's adjusted close moves by {:.4f}, close and events by {:.4f}",
                     vendor, own));
  }

  void flag(std::size_t bar, char const* reason, std::string const& text) {
    std::int64_t const time = bars_.times[bar];
    bars_.flags.push_back(
        {symbol_, time, reason,
         fmt::format("{} {}: {}", bars_.symbols[symbol_], time_text(time, bars_.interval), text)});
  }

  BarGrid& grid_;
  Bars& bars_;
  std::uint32_t symbol_;
  EventStep step_;
};

}  // namespace

void flag_events(BarGrid& grid) {
  for (std::uint32_t s = 0; s < grid.bars.symbols.size(); ++s) Flagger(grid, s).run();
  std::stable_sort(grid.bars.flags.begin(), grid.bars.flags.end(),
                   [](BarFlag const& a, BarFlag const& b) { return a.time < b.time; });
}

}  // namespace muster::io
