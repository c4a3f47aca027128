// One strategy told in full, in double: metrics, symbols, trades and account on spans of bars.
#pragma once

#include <string>
#include <vector>

#include "core/table.hpp"
#include "jobs/evolve/ground.hpp"

namespace muster::jobs::evolve {

struct NamedSpan {
  std::string name;
  kernels::backtest::Span span;
};

/// Train spans, validation and test of a fold.
std::vector<NamedSpan> named_spans(Spans const& spans, std::size_t fold);

/// champion_metrics, champion_symbols, champion_trades, champion_equity (docs/formats/evolve-tables.md).
std::vector<Table> strategy_tables(Params const& params, io::Bars const& bars, Field const& field,
                                   kernels::backtest::Rule const& rule, std::vector<NamedSpan> const& spans);

/// champion_metrics for the terminal.
std::string metrics_text(Table const& metrics);

}  // namespace muster::jobs::evolve
