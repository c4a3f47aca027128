// Which bars are searched on, which choose, which are touched once.
#pragma once

#include <vector>

#include "jobs/evolve/params.hpp"
#include "kernels/backtest/engine.hpp"

namespace muster::jobs::evolve {

/// What one search learns from, and what chooses among what it has found.
struct Division {
  std::vector<kernels::backtest::Span> train;
  kernels::backtest::Span validation;
};

struct Spans {
  std::vector<Division> folds;  ///< each has a search of its own
  kernels::backtest::Span test;  ///< first == last: there is none
  bool has_test() const { return test.last > test.first; }
};

/// Searches side by side that the scheme asks for.
std::uint64_t fold_count(SpanChoice const& choice);

/// `purge` bars are left out where train and validation of walk_forward and cross_validation meet. Throws Error (Exit::user)
/// where a span would have fewer than 20 bars.
Spans make_spans(SpanChoice const& choice, std::uint32_t bars, std::uint32_t purge);

/// Bars of the longest train spans of a fold.
std::uint64_t most_train_bars(Spans const& spans);

}  // namespace muster::jobs::evolve
