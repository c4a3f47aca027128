#include "kernels/statistics/overfitting.hpp"

#include <vector>

namespace muster::kernels {
namespace {

/// Sums of returns and of their squares.
struct Sums {
  double first = 0, second = 0;
  friend Sums operator+(Sums a, Sums b) { return {a.first + b.first, a.second + b.second}; }
};

/// A variance that is lost in the rounding of equal returns is none.
double sharpe_of(Sums sums, double bars) {
  double const mean = sums.first / bars, square = sums.second / bars, variance = square - mean * mean;
  return variance > 0x1p-40 * square ? mean / __builtin_sqrt(variance) : 0;
}

Sums sums_of(std::span<double const> returns) {
  Sums sums;
  for (double r : returns) sums = sums + Sums{r, r * r};
  return sums;
}

/// The sums of every choice of a run of blocks: bit b of the index chooses block b.
std::vector<Sums> choices_of(std::span<Sums const> blocks) {
  std::vector<Sums> choices(std::size_t{1} << blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b)
    for (std::size_t i = 0; i < std::size_t{1} << b; ++i) choices[i | std::size_t{1} << b] = choices[i] + blocks[b];
  return choices;
}

/// A trial's Sharpe ratio over any choice of blocks, from the choices among the lower and the upper half of them.
class Trial {
 public:
  Trial(std::span<double const> returns, int blocks, std::size_t bars) : half_(blocks / 2) {
    std::vector<Sums> sums;
    for (int b = 0; b < blocks; ++b) sums.push_back(sums_of(returns.subspan(static_cast<std::size_t>(b) * bars, bars)));
    lower_ = choices_of(std::span(sums).first(static_cast<std::size_t>(half_)));
    upper_ = choices_of(std::span(sums).last(static_cast<std::size_t>(half_)));
  }
  double sharpe(unsigned choice, double bars) const {
    return sharpe_of(lower_[choice & ((1u << half_) - 1)] + upper_[choice >> half_], bars);
  }

 private:
  int half_;
  std::vector<Sums> lower_, upper_;
};

/// What the splits add up to.
struct Tally {
  std::uint64_t splits = 0, beaten = 0, lost = 0;
  double x = 0, y = 0, xx = 0, xy = 0;

  void add(double inside, double outside, bool is_beaten) {
    ++splits;
    beaten += is_beaten ? 1 : 0;
    lost += outside < 0 ? 1 : 0;
    x += inside, y += outside, xx += inside * inside, xy += inside * outside;
  }
  Overfitting result() const {
    auto const n = static_cast<double>(splits);
    double const spread = n * xx - x * x;
    return {static_cast<double>(beaten) / n, static_cast<double>(lost) / n, spread > 0 ? (n * xy - x * y) / spread : 0,
            splits};
  }
};

/// At or below the median of all: twice its rank, ties counted half, is at most their number and one.
bool is_beaten(std::vector<double> const& sharpes, std::size_t chosen) {
  std::size_t below = 0, equal = 0;
  for (double s : sharpes) below += s < sharpes[chosen] ? 1 : 0, equal += s == sharpes[chosen] ? 1 : 0;
  return 2 * below + equal + 1 <= sharpes.size() + 1;
}

std::size_t best_of(std::vector<Trial> const& trials, unsigned choice, double bars, double& sharpe) {
  std::size_t best = 0;
  sharpe = trials[0].sharpe(choice, bars);
  for (std::size_t i = 1; i < trials.size(); ++i) {
    double const rival = trials[i].sharpe(choice, bars);
    if (rival > sharpe) best = i, sharpe = rival;
  }
  return best;
}

Tally compare_halves(std::vector<Trial> const& trials, int blocks, double bars) {
  Tally tally;
  std::vector<double> outside(trials.size());
  unsigned const all = (1u << blocks) - 1;
  for (unsigned choice = 0; choice <= all; ++choice) {
    if (2 * __builtin_popcount(choice) != blocks) continue;
    double inside = 0;
    std::size_t const best = best_of(trials, choice, bars, inside);
    for (std::size_t i = 0; i < trials.size(); ++i) outside[i] = trials[i].sharpe(all ^ choice, bars);
    tally.add(inside, outside[best], is_beaten(outside, best));
  }
  return tally;
}

}  // namespace

Overfitting overfitting_of(std::span<double const> returns, std::uint64_t trials, int blocks) {
  if (trials < 2 || blocks < 2 || blocks > 16 || blocks % 2 != 0) return {};
  std::size_t const length = returns.size() / trials, bars = length / static_cast<std::size_t>(blocks);
  if (bars < 2) return {};
  std::size_t const unused = length - bars * static_cast<std::size_t>(blocks);
  std::vector<Trial> all;
  for (std::uint64_t i = 0; i < trials; ++i)
    all.emplace_back(returns.subspan(i * length + unused, length - unused), blocks, bars);
  return compare_halves(all, blocks, static_cast<double>(bars * static_cast<std::size_t>(blocks) / 2)).result();
}

}  // namespace muster::kernels
