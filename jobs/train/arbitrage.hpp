// Whether a surrogate's prices leave room for arbitrage, looked for on a grid of contracts.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "jobs/train/contracts.hpp"
#include "jobs/train/dataset.hpp"
#include "kernels/nets/host_net.hpp"

namespace muster::jobs::train {

/// What must hold, with the unit of a violation.
struct Rule {
  std::string_view name;
  std::string_view unit;
  std::string_view meaning;
};
inline constexpr std::size_t rule_count = 5;
extern std::array<Rule, rule_count> const arbitrage_rules;

/// Violations up to it are not counted: 32-bit floats, and networks, are no finer.
inline constexpr double tolerated = 1e-5;

/// Of one rule over some points.
struct Finding {
  std::uint64_t points = 0;  ///< where it was to hold
  std::uint64_t violated = 0;
  double worst = 0;
  std::uint64_t where = 0;   ///< number of that point
  bool operator==(Finding const&) const = default;
};
using Findings = std::array<Finding, rule_count>;
/// The worst of both, and of equal ones that of the lower number: the order of merging does not matter.
void merge(Findings const& from, Findings& to);

/// Equally spaced values of every input, ends included; spots are innermost, so that slopes along a line of them can be compared.
class Grid {
 public:
  /// At least `points` of them.
  Grid(ContractChoice const& choice, std::uint64_t points);
  std::uint64_t lines() const { return lines_; }
  std::uint64_t spots() const { return counts_.front(); }
  std::uint64_t points() const { return lines_ * spots(); }
  /// Inputs of a point in their own units; none where a contract of such values is never drawn to learn from, or stands elsewhere in
  /// the grid.
  std::optional<std::vector<double>> values(std::uint64_t point) const;

 private:
  ContractChoice const& choice_;
  std::vector<std::vector<double>> ranges_;  ///< of each input: from, to
  std::vector<std::uint64_t> counts_;        ///< values of each
  std::uint64_t lines_ = 1;
};

/// Outputs and slopes of rows of inputs, as HostNet::predict gives them.
using Predict = std::function<void(std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes)>;
inline Predict predict_with(kernels::nets::HostNet& net) {
  return [&net](std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) { net.predict(inputs, outputs, slopes); };
}

/// The network's prices on whole lines of a grid against all rules.
class ArbitrageSearch {
 public:
  ArbitrageSearch(ContractChoice const& choice, Grid const& grid, TargetScale const& scale) : choice_(choice), grid_(grid), scale_(scale), inputs_(inputs_of(choice)) {}
  /// `predict` is asked for many lines at once.
  Findings look(std::uint64_t first_line, std::uint64_t lines, Predict const& predict);

 private:
  void clear();
  void gather(std::uint64_t line);
  void judge(std::size_t first, std::size_t end, Findings& findings) const;
  double price(std::size_t i) const;
  double slope(std::size_t i, std::size_t input) const;

  ContractChoice const& choice_;
  Grid const& grid_;
  TargetScale const scale_;
  std::vector<Input> const inputs_;
  // Of some lines: the points that are judged, and where each line's end.
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> points_;
  std::vector<std::vector<double>> values_;
  std::vector<float> scaled_, outputs_, slopes_;
};

}  // namespace muster::jobs::train
