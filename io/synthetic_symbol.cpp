#include "io/synthetic_symbol.hpp"

#include <algorithm>

#include "kernels/scalar_math.hpp"

namespace muster::io {
namespace {

using kernels::exact_exp;
using kernels::exact_log;
using kernels::exact_normals;
using kernels::exact_words;

// Streams of the seed; stream 0 is the market's.
constexpr std::uint32_t traits_stream = 1, prices_stream = 2, events_stream = 3, extremes_stream = 4;

constexpr double overnight_share = 0.5477225575051661;  // sqrt(0.3) of a day's deviation
constexpr double session_share = 0.8366600265340756;    // sqrt(0.7)
constexpr std::uint64_t quarter = 63, month = 21;

std::uint64_t item_of(std::uint64_t day, std::uint64_t number) { return (day << 32) | number; }

double magnitude(double value) { return value < 0 ? 0 - value : value; }

/// The maximum of a Brownian path from 0 to `end` at the probability `u`: a price is as far off as a fair one would be, so
/// that nothing is earned by stops and targets alone.
double farthest(double end, double variance, double u) {
  return 0.5 * (end + __builtin_sqrt(end * end - 2 * variance * exact_log(u)));
}

/// To the next cent, and at least one.
double in_cents(double price) {
  auto const cents = static_cast<std::int64_t>(price * 100 + 0.5);
  return static_cast<double>(std::max<std::int64_t>(cents, 1)) / 100;
}

}  // namespace

double uniform_of(std::uint32_t word) { return (static_cast<double>(word) + 0.5) * 0x1p-32; }

SyntheticSymbol::SyntheticSymbol(std::uint64_t seed, std::uint64_t number)
    : seed_(seed), number_(number) {
  auto const a = exact_words(seed, number, 0, traits_stream);
  auto const b = exact_words(seed, number, 1, traits_stream);
  beta_ = 0.6 + 0.8 * uniform_of(a[0]);
  volatility_ = 0.008 + 0.012 * uniform_of(a[1]);
  price_ = 20 + 180 * uniform_of(a[2]);
  double const u = uniform_of(a[3]);
  yield_ = u < 0.4 ? 0 : 0.01 + 0.05 * (u - 0.4);
  payday_ = b[0] % quarter;
  usual_volume_ = exact_exp(12 + 3 * uniform_of(b[1]));
  drift_ = 0.0004 * (uniform_of(b[2]) - 0.5);
}

/// Once a month a share that has become dear is split, and one that has become cheap is merged.
double SyntheticSymbol::take_split(std::uint64_t day) {
  if (day == 0 || day % month != 0) return 1;
  double const ratio = price_ >= 320 ? 4 : price_ >= 160 ? 2 : price_ < 5 ? 0.1 : 1;
  price_ = price_ / ratio;
  return ratio;
}

double SyntheticSymbol::take_dividend(std::uint64_t day) {
  if (day == 0 || day % quarter != payday_ || yield_ == 0) return 0;
  double const cash = in_cents(price_ * yield_ / 4);
  if (cash >= price_ / 2) return 0;
  price_ = price_ - cash;
  return cash;
}

bool SyntheticSymbol::is_halted_on(std::uint64_t day) {
  auto const words = exact_words(seed_, item_of(day, number_), 0, events_stream);
  if (uniform_of(words[0]) < 1.0 / 2000) halted_until_ = day + 1 + words[1] % 3;
  return day < halted_until_;
}

SyntheticBar SyntheticSymbol::step(std::uint64_t day, SyntheticDay const& market) {
  auto const z = exact_normals(seed_, item_of(day, number_), 0, prices_stream);
  auto const y = exact_normals(seed_, item_of(day, number_), 1, prices_stream);
  SyntheticBar bar;
  bar.split = take_split(day);
  bar.dividend = take_dividend(day);
  bar.is_halted = is_halted_on(day);
  double const open =
      price_ * exact_exp(beta_ * market.overnight + volatility_ * overnight_share * z[0]);
  double const move = drift_ + beta_ * market.session + volatility_ * session_share * z[1];
  price_ = open * exact_exp(move);
  bar.open = in_cents(open);
  bar.close = in_cents(price_);
  double const deviation = beta_ * market.volatility;
  double const variance = session_share * session_share * (deviation * deviation + volatility_ * volatility_);
  auto const u = exact_words(seed_, item_of(day, number_), 0, extremes_stream);
  bar.high = std::max({in_cents(open * exact_exp(farthest(move, variance, uniform_of(u[0])))), bar.open, bar.close});
  bar.low = std::min({in_cents(open * exact_exp(0 - farthest(0 - move, variance, uniform_of(u[1])))), bar.open, bar.close});
  double const shares =
      usual_volume_ * exact_exp(0.3 * y[0]) * (1 + 20 * magnitude(price_ / open - 1));
  bar.volume = static_cast<double>(static_cast<std::int64_t>(shares / 100) * 100);
  return bar;
}

}  // namespace muster::io
