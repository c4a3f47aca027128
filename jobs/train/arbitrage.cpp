#include "jobs/train/arbitrage.hpp"

#include <algorithm>

#include "kernels/scalar_math.hpp"

namespace muster::jobs::train {
namespace {

using kernels::nets::CallContract;

enum RuleNumber : std::size_t { bounds, delta, convex, vega, expiry };
/// Under Heston's model there is no volatility, and nothing known.
enum InputNumber : std::size_t { spot_of, expiry_of, volatility_of, rate_of, dividend_of, known_of, average_of };

/// What a call's price and delta lie between, whatever the model.
struct Limits {
  double least_price, most_price, most_delta;
};

/// The payoff is at most the average, and at least what the forward of it pays.
Limits limits_of(CallContract const& c) {
  double const future = c.fixings - c.known, step = c.expiry_years / future;
  double const growth = kernels::exact_exp((c.rate - c.dividend) * step), discount = kernels::exact_exp(-c.rate * c.expiry_years);
  double sum = 0, factor = 1;
  for (std::uint32_t i = c.known; i < c.fixings; ++i) sum += factor *= growth;
  double const by_spot = sum / c.fixings, average = c.spot * by_spot + c.known * c.known_average / c.fixings;
  double const forward = discount * (average - 1);
  return {forward > 0 ? forward : 0, discount * average, discount * by_spot};
}

constexpr double beyond = 1e300;

void note(double violation, std::uint64_t point, Finding& finding) {
  ++finding.points;
  // What is no number is beyond all bounds.
  if (!(violation < beyond)) violation = beyond;
  if (violation <= tolerated) return;
  ++finding.violated;
  if (violation <= finding.worst) return;
  finding.worst = violation;
  finding.where = point;
}

/// The most values of an axis whose grid of `axes` such axes, with four times as many spots, has no more points.
std::uint64_t axis_values(std::uint64_t points, std::size_t axes) {
  auto const size = [&](double values) {
    double all = 4;
    for (std::size_t i = 0; i < axes; ++i) all *= values;
    return all;
  };
  std::uint64_t values = 2;
  while (size(static_cast<double>(values + 1)) <= static_cast<double>(points)) ++values;
  return values;
}

bool is_heston(ContractChoice const& choice) { return choice.model == ContractModel::heston; }
bool is_asian(ContractChoice const& choice) { return choice.type == ContractKind::asian_call; }

/// From, to of each input.
std::vector<std::vector<double>> ranges_of(ContractChoice const& choice) {
  if (is_heston(choice))
    return {choice.spot, choice.expiry_years, choice.rate, choice.dividend, choice.initial_variance, choice.mean_reversion,
            choice.long_run_variance, choice.variance_volatility, choice.correlation};
  std::vector<std::vector<double>> ranges{choice.spot, choice.expiry_years, choice.volatility, choice.rate, choice.dividend};
  if (!is_asian(choice)) return ranges;
  ranges.push_back({0, static_cast<double>(choice.fixings - 1)});
  ranges.push_back({choice.known_average[0] * choice.spot[0], choice.known_average[1] * choice.spot[1]});
  return ranges;
}

/// A range that is one value has one on the grid, too.
bool is_fixed(std::vector<double> const& range) { return range[0] == range[1]; }

/// Value number `i` of so many.
double spaced(std::vector<double> const& range, std::uint64_t i, std::uint64_t count) {
  if (i + 1 == count) return range[1];
  return range[0] + (range[1] - range[0]) * (static_cast<double>(i) / static_cast<double>(count - 1));
}

}  // namespace

std::array<Rule, rule_count> const arbitrage_rules{{
    {"bounds", "spots", "the price lies between what the forward pays and what the average costs"},
    {"delta", "1", "the price rises with the spot, and by no more than the average does"},
    {"convex", "1", "delta falls nowhere from one spot of the grid to the next"},
    {"vega", "spots*sqrt(year)", "the price rises with the volatility, where that stays"},
    {"expiry", "spots/year", "the price of a European call rises with the expiry; where the rate is not below 0 nor the dividend above"},
}};

void merge(Findings const& from, Findings& to) {
  for (std::size_t r = 0; r < rule_count; ++r) {
    to[r].points += from[r].points;
    to[r].violated += from[r].violated;
    bool const is_first = from[r].worst == to[r].worst && from[r].where < to[r].where;
    if (from[r].worst > to[r].worst || is_first) to[r].worst = from[r].worst, to[r].where = from[r].where;
  }
}

Grid::Grid(ContractChoice const& choice, std::uint64_t points) : choice_(choice), ranges_(ranges_of(choice)), counts_(ranges_.size(), 1) {
  std::vector<std::size_t> axes;
  for (std::size_t j = 1; j < ranges_.size(); ++j)
    if (!is_fixed(ranges_[j])) axes.push_back(j);
  for (auto const j : axes) {
    counts_[j] = axis_values(points, axes.size() + 1);
    if (j == known_of && is_asian(choice)) counts_[j] = std::min(counts_[j], choice.fixings);
    lines_ *= counts_[j];
  }
  if (!is_fixed(ranges_[spot_of])) counts_[spot_of] = std::max<std::uint64_t>(4, (points + lines_ - 1) / lines_);
}

std::optional<std::vector<double>> Grid::values(std::uint64_t point) const {
  std::vector<double> values;
  std::uint64_t place = 0;
  for (std::size_t j = 0; j < ranges_.size(); point /= counts_[j++]) {
    place = point % counts_[j];
    values.push_back(spaced(ranges_[j], place, counts_[j]));
  }
  if (!is_asian(choice_)) return values;
  values[known_of] = static_cast<double>(static_cast<std::uint64_t>(values[known_of] + 0.5));
  if (values[known_of] == 0) {
    // The spot stands for the average that is not there, as it was learned.
    values[average_of] = values[spot_of];
    return place == 0 ? std::optional(values) : std::nullopt;
  }
  double const ratio = values[average_of] / values[spot_of];
  return ratio >= choice_.known_average[0] && ratio <= choice_.known_average[1] ? std::optional(values) : std::nullopt;
}

double ArbitrageSearch::price(std::size_t i) const { return scale_.mean + scale_.deviation * static_cast<double>(outputs_[i]); }

double ArbitrageSearch::slope(std::size_t i, std::size_t input) const {
  return static_cast<double>(slopes_[i * inputs_.size() + input]) * scale_.deviation / inputs_[input].half;
}

void ArbitrageSearch::clear() {
  ends_.clear();
  points_.clear();
  values_.clear();
  scaled_.clear();
}

void ArbitrageSearch::gather(std::uint64_t line) {
  for (std::uint64_t i = 0; i < grid_.spots(); ++i) {
    auto const point = line * grid_.spots() + i;
    auto const values = grid_.values(point);
    if (!values) continue;
    for (std::size_t j = 0; j < values->size(); ++j) scaled_.push_back(static_cast<float>(((*values)[j] - inputs_[j].middle) / inputs_[j].half));
    points_.push_back(point);
    values_.push_back(*values);
  }
  ends_.push_back(points_.size());
}

void ArbitrageSearch::judge(std::size_t first, std::size_t end, Findings& findings) const {
  for (std::size_t i = first; i < end; ++i) {
    auto const contract = contract_of(choice_, values_[i]);
    auto const limits = limits_of(contract);
    double const own = price(i), by_spot = slope(i, spot_of);
    note(std::max(limits.least_price - own, own - limits.most_price) / contract.spot, points_[i], findings[bounds]);
    note(std::max(-by_spot, by_spot - limits.most_delta), points_[i], findings[delta]);
    if (i + 1 < end) note(by_spot - slope(i + 1, spot_of), points_[i], findings[convex]);
    if (!is_heston(choice_)) note(-slope(i, volatility_of) / contract.spot, points_[i], findings[vega]);
    if (contract.fixings == 1 && contract.rate >= 0 && contract.dividend <= 0) note(-slope(i, expiry_of) / contract.spot, points_[i], findings[expiry]);
  }
}

Findings ArbitrageSearch::look(std::uint64_t first_line, std::uint64_t lines, Predict const& predict) {
  constexpr std::size_t many = 4096;
  Findings findings{};
  for (std::uint64_t line = first_line, last = first_line + lines; line < last;) {
    clear();
    while (line < last && points_.size() < many) gather(line++);
    outputs_.resize(points_.size());
    slopes_.resize(scaled_.size());
    if (!points_.empty()) predict(scaled_, outputs_, slopes_);
    for (std::size_t i = 0; i < ends_.size(); ++i) judge(i == 0 ? 0 : ends_[i - 1], ends_[i], findings);
  }
  return findings;
}

}  // namespace muster::jobs::train
