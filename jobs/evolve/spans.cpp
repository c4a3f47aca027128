#include "jobs/evolve/spans.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "kernels/statistics/spans.hpp"

namespace muster::jobs::evolve {
namespace {

using kernels::backtest::Span;

constexpr std::uint32_t least_bars = 20;

void require_bars(Span span, char const* what) {
  MUSTER_REQUIRE(span.last >= span.first + least_bars,
                 "spans: the {} span of bars {} to {} is shorter than {} bars (its figures would say nothing); give more bars, "
                 "other shares, shorter windows and holding limits, or fewer folds", what, span.first, span.last, least_bars);
}

std::uint32_t share_of(double share, std::uint32_t bars) {
  return std::min(static_cast<std::uint32_t>(share * bars + 0.5), bars);
}

Span span_of(kernels::BarSpan span) { return {static_cast<std::uint32_t>(span.begin), static_cast<std::uint32_t>(span.end)}; }

std::vector<Division> folds_of(SpanChoice const& choice, std::uint32_t bars, std::uint32_t purge) {
  auto const folds = static_cast<std::uint32_t>(choice.folds);
  kernels::Gaps const gaps{purge, choice.embargo};
  auto const made = choice.scheme == Scheme::walk_forward ? kernels::walk_forward(bars, folds, gaps) : kernels::purged_folds(bars, folds, gaps);
  auto const fault = kernels::fault_in_folds(bars, folds, made);
  MUSTER_REQUIRE(fault.empty(), "spans.{}", fault);
  std::vector<Division> divisions;
  for (auto const& fold : made) {
    Division& division = divisions.emplace_back();
    for (auto const& train : fold.train)
      // What a purge has left of a part may be too short to trade in.
      if (train.bars() >= least_bars) division.train.push_back(span_of(train));
    division.validation = span_of(fold.validation);
  }
  return divisions;
}

}  // namespace

std::uint64_t fold_count(SpanChoice const& choice) { return choice.scheme == Scheme::holdout ? 1 : choice.folds; }

Spans make_spans(SpanChoice const& choice, std::uint32_t bars, std::uint32_t purge) {
  std::uint32_t const middle = share_of(choice.train, bars), end = share_of(choice.train + choice.validation, bars);
  Spans spans;
  spans.test = {end, bars};
  if (choice.scheme == Scheme::holdout)
    spans.folds = {{{{0, middle}}, {middle, end}}};
  else
    spans.folds = folds_of(choice, end, purge);
  for (Division const& fold : spans.folds) {
    MUSTER_REQUIRE(!fold.train.empty(), "spans: a fold has no train span of {} bars (the purge of {} bars leaves none); give more "
                   "bars, shorter windows and holding limits, or fewer folds", least_bars, purge);
    for (Span const span : fold.train) require_bars(span, "train");
    require_bars(fold.validation, "validation");
  }
  if (spans.has_test()) require_bars(spans.test, "test");
  return spans;
}

std::uint64_t most_train_bars(Spans const& spans) {
  std::uint64_t most = 0;
  for (Division const& fold : spans.folds) {
    std::uint64_t bars = 0;
    for (Span const span : fold.train) bars += span.last - span.first;
    most = std::max(most, bars);
  }
  return most;
}

}  // namespace muster::jobs::evolve
