// What a price job returns: tables for files and scripts, a compact text for the terminal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/table.hpp"
#include "jobs/price/closed.hpp"
#include "jobs/price/params.hpp"
#include "jobs/price/simulation.hpp"

namespace muster::jobs::price {

/// Everything the tables are made of. Estimates are empty where nothing was simulated, closed values where
/// no closed form was asked for.
struct PriceResults {
  std::uint64_t paths = 0;
  std::vector<std::vector<MeasureEstimate>> contracts;
  std::vector<TotalEstimate> totals;
  std::vector<ClosedValue> closed;
};

/// `contracts` (a row an instrument), `totals` (strategies and the book), and `by_asset` (derivatives of what is on
/// several assets, which have no single number) where there is such a thing.
std::vector<Table> make_tables(Params const& params, PriceResults const& results);

/// At most some 25 lines made from the tables alone, so that it can be printed from a file too.
std::string make_summary(Params const& params, std::vector<Table> const& tables);

}  // namespace muster::jobs::price
