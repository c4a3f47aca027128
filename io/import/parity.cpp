#include "io/import/parity.hpp"

#include <algorithm>
#include <cmath>

namespace muster::io {
namespace {

constexpr std::size_t fewest_pairs = 6;
constexpr double least_discount = 1e-6;    ///< below it the forward is all rounding
constexpr std::size_t nearest_pairs = 12;  ///< always in the window, however narrow it is

double distance(double a, double b) { return a > b ? a - b : b - a; }

double median(std::vector<double> values) {
  auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A first forward: the median over the five pairs whose call and put are closest in price.
struct FirstGuess {
  double forward = 0;
  double deviation = 0;  ///< standard deviation to expiry, from the straddle
};

FirstGuess guess(std::span<ParityPair const> pairs) {
  std::vector<ParityPair> closest(pairs.begin(), pairs.end());
  std::size_t const n = std::min<std::size_t>(5, closest.size());
  std::partial_sort(closest.begin(), closest.begin() + static_cast<std::ptrdiff_t>(n),
                    closest.end(), [](ParityPair const& a, ParityPair const& b) {
                      return distance(a.call, a.put) < distance(b.call, b.put);
                    });
  std::vector<double> forwards, straddles;
  for (std::size_t i = 0; i < n; ++i) {
    forwards.push_back(closest[i].strike + closest[i].call - closest[i].put);
    straddles.push_back(closest[i].call + closest[i].put);
  }
  FirstGuess result;
  result.forward = median(forwards);
  // An at-the-money straddle is worth sqrt(2 / pi) deviations of the forward.
  if (result.forward > 0)
    result.deviation = median(straddles) / result.forward * 1.2533141373155003;
  return result;
}

std::vector<ParityPair> near_the_money(std::span<ParityPair const> pairs, double forward,
                                       double width, std::size_t at_least) {
  std::vector<ParityPair> near(pairs.begin(), pairs.end());
  std::stable_sort(near.begin(), near.end(), [&](ParityPair const& a, ParityPair const& b) {
    return distance(a.strike, forward) < distance(b.strike, forward);
  });
  std::size_t n = 0;
  while (n < near.size() && (n < at_least || distance(near[n].strike, forward) <= width * forward))
    ++n;
  near.resize(n);
  return near;
}

/// A locked pair is no exact one: no spread counts for less than a hundredth of a percent of the
/// forward.
double weight_of(ParityPair const& pair, double forward) {
  double const spread = std::max(pair.spread, 1e-4 * forward);
  return 1 / (spread * spread);
}

struct Line {
  double strike = 0, value = 0, slope = 0, spread_of_strikes = 0;  ///< through (strike, value)
  double residual(ParityPair const& pair) const {
    return pair.call - pair.put - value - slope * (pair.strike - strike);
  }
};

Line least_squares(std::vector<ParityPair> const& pairs, double forward) {
  double w = 0, wk = 0, wy = 0, kk = 0, ky = 0;
  for (auto const& pair : pairs) {
    double const weight = weight_of(pair, forward);
    w += weight;
    wk += weight * pair.strike;
    wy += weight * (pair.call - pair.put);
  }
  Line line{wk / w, wy / w, 0, 0};
  for (auto const& pair : pairs) {
    double const weight = weight_of(pair, forward), k = pair.strike - line.strike;
    kk += weight * k * k;
    ky += weight * k * (pair.call - pair.put - line.value);
  }
  line.spread_of_strikes = kk;
  line.slope = kk > 0 ? ky / kk : 0;
  return line;
}

/// Pairs of `window` within three robust deviations of `line`, whose scatter is judged on `used`.
std::vector<ParityPair> trim(std::vector<ParityPair> const& window,
                             std::vector<ParityPair> const& used, Line const& line,
                             double forward) {
  auto const scaled = [&](ParityPair const& pair) {
    return distance(line.residual(pair), 0) * std::sqrt(weight_of(pair, forward));
  };
  std::vector<double> residuals;
  for (auto const& pair : used) residuals.push_back(scaled(pair));
  // 1.4826 makes the median absolute deviation a standard one; a line may well fit to the last
  // tick.
  double const bound = std::max(3 * 1.4826 * median(residuals), 1e-3);
  std::vector<ParityPair> kept;
  for (auto const& pair : window)
    if (scaled(pair) <= bound) kept.push_back(pair);
  return kept;
}

}  // namespace

ParityLine fit_parity(std::span<ParityPair const> pairs, ParityWindow window) {
  ParityLine result;
  if (pairs.size() < fewest_pairs) return result;
  FirstGuess const first = guess(pairs);
  if (!(first.forward > 0)) return result;
  double const width = std::clamp(window.deviations * first.deviation, window.least, window.most);
  auto const near = near_the_money(pairs, first.forward, width, nearest_pairs);

  auto used = near;
  Line line = least_squares(used, first.forward);
  for (int round = 0; round < 20; ++round) {
    auto kept = trim(near, used, line, first.forward);
    if (kept.size() < fewest_pairs || kept.size() == used.size()) break;
    used = std::move(kept);
    line = least_squares(used, first.forward);
  }
  result.pairs = used.size();
  result.pairs_in_window = near.size();
  result.discount = -line.slope;
  if (!(result.discount > 0)) return result;
  double squares = 0;
  for (auto const& pair : used)
    squares += weight_of(pair, first.forward) * line.residual(pair) * line.residual(pair);
  double const scatter = squares / static_cast<double>(used.size() - 2);
  result.discount_error = std::sqrt(scatter / line.spread_of_strikes);
  result.forward = line.strike + line.value / result.discount;
  result.found = result.forward > 0;
  return result;
}

ForwardEstimate forward_at(std::span<ParityPair const> pairs, double discount) {
  if (pairs.empty() || !(discount > least_discount)) return {};
  FirstGuess const first = guess(pairs);
  if (!(first.forward > 0)) return {};
  auto near = near_the_money(pairs, first.forward, std::max(first.deviation, 0.01), 1);
  auto const forward = [&](ParityPair const& pair) {
    return pair.strike + (pair.call - pair.put) / discount;
  };
  std::sort(near.begin(), near.end(),
            [&](ParityPair const& a, ParityPair const& b) { return forward(a) < forward(b); });
  double total = 0, below = 0;
  for (auto const& pair : near) total += weight_of(pair, first.forward);
  for (auto const& pair : near) {
    below += weight_of(pair, first.forward);
    if (2 * below >= total) return {std::max(forward(pair), 0.0), near.size()};
  }
  return {std::max(forward(near.back()), 0.0), near.size()};
}

}  // namespace muster::io
