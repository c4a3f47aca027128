#include "kernels/statistics/spans.hpp"

namespace muster::kernels {
namespace {

/// Where part i of n begins.
std::uint64_t cut(std::uint64_t bars, std::uint64_t i, std::uint64_t n) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(bars) * i / n);
}

std::uint64_t less(std::uint64_t x, std::uint64_t by) { return x > by ? x - by : 0; }

/// x + by, at most `most`.
std::uint64_t more(std::uint64_t x, std::uint64_t by, std::uint64_t most) { return by < most - x ? x + by : most; }

void add_span(std::vector<BarSpan>& spans, std::uint64_t begin, std::uint64_t end) {
  if (begin < end) spans.push_back({begin, end});
}

}  // namespace

std::vector<Fold> purged_folds(std::uint64_t bars, std::uint32_t folds, Gaps gaps) {
  std::vector<Fold> made;
  for (std::uint32_t i = 0; i < folds; ++i) {
    Fold fold;
    fold.validation = {cut(bars, i, folds), cut(bars, i + 1, folds)};
    add_span(fold.train, 0, less(fold.validation.begin, gaps.purge));
    add_span(fold.train, more(more(fold.validation.end, gaps.purge, bars), gaps.embargo, bars), bars);
    made.push_back(fold);
  }
  return made;
}

std::vector<Fold> walk_forward(std::uint64_t bars, std::uint32_t folds, Gaps gaps, std::uint64_t train_bars) {
  std::vector<Fold> made;
  std::uint64_t const parts = std::uint64_t{folds} + 1;
  for (std::uint64_t i = 1; i < parts; ++i) {
    Fold fold;
    fold.validation = {cut(bars, i, parts), cut(bars, i + 1, parts)};
    std::uint64_t const end = less(fold.validation.begin, gaps.purge);
    add_span(fold.train, train_bars > 0 ? less(end, train_bars) : 0, end);
    made.push_back(fold);
  }
  return made;
}

std::string fault_in_folds(std::uint64_t bars, std::uint32_t folds, std::vector<Fold> const& made) {
  std::string const what = "folds = " + std::to_string(folds);
  if (made.empty()) return what + " (there must be at least 1); give more";
  for (std::size_t i = 0; i < made.size(); ++i) {
    std::string const which = what + " of " + std::to_string(bars) + " bars: fold " + std::to_string(i + 1);
    if (made[i].validation.bars() == 0) return which + " has no bar to be judged on; use fewer folds";
    if (made[i].train.empty())
      return which +
             " has no bar left to train on (the look-back, holding limit and embargo around it take them all); " +
             "use fewer folds, more bars or a shorter look-back";
  }
  return {};
}

}  // namespace muster::kernels
