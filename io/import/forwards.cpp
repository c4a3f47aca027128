#include "io/import/forwards.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernels/scalar_math.hpp"

namespace muster::io {
namespace {

double rate_of(double discount, double years) { return -kernels::exact_log(discount) / years; }
double discount_at(double rate, double years) { return kernels::exact_exp(-rate * years); }

constexpr double lowest_rate = -0.05, highest_rate = 0.25;
constexpr double largest_error = 0.003;  ///< of a rate that decides, one standard error
constexpr double largest_pooled_error = 0.01;
/// What two listings of one date differ by, however small their standard errors.
constexpr double common_error = 0.001;
constexpr double yearly_move = 0.005;  ///< one standard deviation of a rate over a year of expiry
constexpr double shortest_gap = 1e-4;  ///< years; two listings may settle at one time

/// What parity says about one expiry's rate.
struct ParityRate {
  ParityLine line;
  double years = 0, rate = 0, error = 0;
  bool plausible = false;  ///< a rate that can be
  bool decides = false;    ///< and one that is precise enough to take
  std::string why_not;
};

ParityRate parity_rate(ExpiryPairs const& expiry) {
  ParityRate result;
  result.years = expiry.years;
  if (expiry.exercise != Exercise::european) {
    result.why_not = "early exercise hides the discount from put-call parity";
    return result;
  }
  result.line = fit_parity(expiry.pairs, {});
  ParityLine const& line = result.line;
  if (!line.found) {
    result.why_not =
        fmt::format("{} pairs of call and put near the money give no discount", line.pairs);
    return result;
  }
  result.rate = rate_of(line.discount, expiry.years);
  result.error = line.discount_error / line.discount / expiry.years;
  result.plausible = result.rate >= lowest_rate && result.rate <= highest_rate;
  if (!result.plausible)
    result.why_not = fmt::format("parity gives a nonsense discount {:.5f} (a rate of {:.1f} %)",
                                 line.discount, 100 * result.rate);
  else if (2 * line.pairs < line.pairs_in_window)
    result.why_not =
        fmt::format("only {} of {} pairs lie on one line", line.pairs, line.pairs_in_window);
  else if (result.error > largest_error)
    result.why_not =
        fmt::format("parity leaves the rate uncertain by {:.2f} %", 100 * result.error);
  else
    result.decides = true;
  return result;
}

/// The rate by time to expiry: a random walk seen at the expiries that decide, each with its error.
/// Least squares over both: what the expiries say, and how far a rate moves between them.
class RateCurve {
 public:
  /// Leaves out the expiry at index `without`.
  RateCurve(std::vector<ParityRate> const& rates, std::size_t without = SIZE_MAX) {
    for (std::size_t i = 0; i < rates.size(); ++i)
      if (rates[i].decides && i != without)
        points_.push_back({rates[i].years, rates[i].rate, weight_of(rates[i])});
    std::sort(points_.begin(), points_.end(), [](Point a, Point b) { return a.years < b.years; });
    smooth();
  }
  std::size_t size() const { return points_.size(); }
  /// Linear between the expiries that decide, flat outside them.
  double at(double years) const {
    auto const right =
        std::find_if(points_.begin(), points_.end(), [&](Point p) { return p.years >= years; });
    if (right == points_.begin()) return right->rate;
    auto const left = right - 1;
    if (right == points_.end()) return left->rate;
    double const share = (years - left->years) / (right->years - left->years);
    return (1 - share) * left->rate + share * right->rate;
  }

 private:
  struct Point {
    double years, rate, weight;
  };
  static double weight_of(ParityRate const& r) {
    return 1 / (r.error * r.error + common_error * common_error);
  }
  /// Ties the rates of points i and i + 1 together, the more the closer they are.
  double tie(std::size_t i) const {
    double const gap = std::max(points_[i + 1].years - points_[i].years, shortest_gap);
    return 1 / (yearly_move * yearly_move * gap);
  }
  /// Solves the normal equations, which are tridiagonal, diagonally dominant and positive.
  void smooth() {
    std::vector<double> pivot, sum;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      double const before = i > 0 ? tie(i - 1) : 0, after = i + 1 < points_.size() ? tie(i) : 0;
      pivot.push_back(points_[i].weight + before + after);
      sum.push_back(points_[i].weight * points_[i].rate);
      if (i == 0) continue;
      pivot[i] -= before * before / pivot[i - 1];
      sum[i] += before * sum[i - 1] / pivot[i - 1];
    }
    for (std::size_t i = points_.size(); i-- > 0;) {
      double const after = i + 1 < points_.size() ? tie(i) * points_[i + 1].rate : 0;
      points_[i].rate = (sum[i] + after) / pivot[i];
    }
  }
  std::vector<Point> points_;
};

/// An expiry that decides but contradicts its neighbours loses its say, the worst one first.
void drop_outliers(std::vector<ParityRate>& rates) {
  for (std::size_t round = 0; round < rates.size(); ++round) {
    std::size_t worst = SIZE_MAX;
    double worst_excess = 0;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      RateCurve const others(rates, i);
      if (!rates[i].decides || others.size() < 3) continue;
      double const gap = rates[i].rate - others.at(rates[i].years);
      // A day's discount is worth nothing to the rate: what counts is the gap in the discount as
      // well.
      double const excess = std::min((gap < 0 ? -gap : gap) - 0.005 - 3 * rates[i].error,
                                     (gap < 0 ? -gap : gap) * rates[i].years - 2e-4);
      if (excess > worst_excess) {
        worst_excess = excess;
        worst = i;
      }
    }
    if (worst == SIZE_MAX) return;
    rates[worst].decides = false;
    rates[worst].why_not = fmt::format(
        "its rate of {:.2f} % contradicts the neighbouring expiries'", 100 * rates[worst].rate);
  }
}

/// Where no expiry decides, all plausible ones together, weighted by precision, if that is enough.
std::optional<double> pooled_rate(std::vector<ParityRate> const& rates) {
  double sum = 0, weights = 0;
  for (auto const& r : rates) {
    if (!r.plausible) continue;
    double const error = std::max(r.error, 1e-4);
    sum += r.rate / (error * error);
    weights += 1 / (error * error);
  }
  if (weights * largest_pooled_error * largest_pooled_error < 1) return std::nullopt;
  return sum / weights;
}

void take_forward(ExpiryForward& out, ExpiryPairs const& expiry, double discount) {
  out.discount = discount;
  ForwardEstimate const estimate = forward_at(expiry.pairs, discount);
  out.forward = estimate.forward;
  out.pairs = estimate.pairs;
  if (out.forward > 0) return;
  out.quality = ExpiryQuality::unusable;
  out.reason = "no strike with both a call and a put gives a forward";
}

/// Parity too weak to decide, but in line with the neighbours' discount, is no cause for doubt.
bool agrees(ParityRate const& own, double discount) {
  double const gap = own.line.discount - discount;
  return own.line.found && (gap < 0 ? -gap : gap) <= 3 * own.line.discount_error + 2e-4 &&
         own.line.discount_error < 0.01;
}

}  // namespace

ChainForwards find_forwards(std::vector<ExpiryPairs> const& expiries, std::optional<double> rate) {
  ChainForwards result;
  std::vector<ParityRate> rates;
  for (auto const& expiry : expiries) rates.push_back(parity_rate(expiry));
  drop_outliers(rates);
  RateCurve const curve(rates);
  bool const has_curve = curve.size() > 0;
  double const fallback = pooled_rate(rates).value_or(0);
  if (rate)
    result.note = fmt::format("Discounts are at the rate given, {:.3f} %.", 100 * *rate);
  else if (!has_curve)
    result.note = fmt::format(
        "Put-call parity fixes no expiry's discount; a rate of {:.3f} % is taken for all (give "
        "--rate to set it).",
        100 * fallback);

  for (std::size_t i = 0; i < expiries.size(); ++i) {
    ParityRate const& own = rates[i];
    ExpiryForward out;
    out.rate_error = own.error;
    if (rate || has_curve) {
      double const discount = discount_at(rate ? *rate : curve.at(own.years), own.years);
      if (!rate && !own.decides && !agrees(own, discount)) {
        out.quality = ExpiryQuality::doubtful;
        out.reason = own.why_not + "; the discount is that of the neighbouring expiries";
      }
      take_forward(out, expiries[i], discount);
    } else {
      out.quality = ExpiryQuality::doubtful;
      out.reason = own.why_not + fmt::format("; a rate of {:.3f} % is taken", 100 * fallback);
      take_forward(out, expiries[i], discount_at(fallback, own.years));
    }
    result.expiries.push_back(std::move(out));
  }
  return result;
}

}  // namespace muster::io
