// How bars are divided into what a search learns from and what it is judged on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::kernels {

/// Bars begin to end - 1.
struct BarSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t bars() const { return end - begin; }
};

/// A search learns from `train` (rising, not empty) and is judged on `validation`.
struct Fold {
  std::vector<BarSpan> train{};
  BarSpan validation{};
};

/// Distances that keep what is learnt apart from what judges it.
struct Gaps {
  std::uint64_t purge = 0;    ///< bars on both sides of a validation span: longest look-back + holding limit
  std::uint64_t embargo = 0;  ///< more bars after it
};

/// k folds of equal length (but for one bar): each is validation once, and all bars that are `purge` before it or
/// `purge + embargo` after it are in no training span of its fold (Lopez de Prado 2018, chapter 7).
std::vector<Fold> purged_folds(std::uint64_t bars, std::uint32_t folds, Gaps gaps);

/// Walk-forward: bars in folds + 1 parts, each but the first is validation once, after training on what lies `purge`
/// before it: all of it, or the last `train_bars` where that is above 0.
std::vector<Fold> walk_forward(std::uint64_t bars, std::uint32_t folds, Gaps gaps, std::uint64_t train_bars = 0);

/// What is wrong with such a division ("key: problem (why); what to do"), or nothing: a fold without a bar to train on
/// or to be judged on.
std::string fault_in_folds(std::uint64_t bars, std::uint32_t folds, std::vector<Fold> const& made);

}  // namespace muster::kernels
