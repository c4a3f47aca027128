// One symbol of a synthetic market, day after day; private to synthetic_bars.
#pragma once

#include <cstdint>

namespace muster::io {

/// What all symbols share on one day.
struct SyntheticDay {
  double overnight = 0;   ///< log return of the market from close to open
  double session = 0;     ///< and from open to close
  double volatility = 0;  ///< of the market's regime, a day
};

struct SyntheticBar {
  double open = 0, high = 0, low = 0, close = 0, volume = 0;
  double split = 1, dividend = 0;
  bool is_halted = false;
};

class SyntheticSymbol {
 public:
  SyntheticSymbol(std::uint64_t seed, std::uint64_t number);
  /// The next bar; days count from 0.
  SyntheticBar step(std::uint64_t day, SyntheticDay const& market);

 private:
  double take_split(std::uint64_t day);
  double take_dividend(std::uint64_t day);
  bool is_halted_on(std::uint64_t day);

  std::uint64_t seed_, number_;
  double beta_, volatility_, drift_, yield_, usual_volume_;
  std::uint64_t payday_;
  double price_;  ///< not rounded to cents
  std::uint64_t halted_until_ = 0;
};

/// (word + 1/2) / 2^32.
double uniform_of(std::uint32_t word);

}  // namespace muster::io
