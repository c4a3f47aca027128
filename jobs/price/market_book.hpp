// A market file (`muster import`) as the book of a job.
#pragma once

#include <string>
#include <string_view>

#include "io/market_file.hpp"
#include "jobs/price/fields.hpp"

namespace muster::jobs::price {

/// Completes the job's market from the file: currency and valuation, and the asset where the job
/// has no [market]. False after adding faults, or where the job's own market is at fault. `name`
/// names the file in messages.
bool fit_market(io::MarketFile const& file, std::string_view name, JobInput& input, Faults& faults);

struct AddedRows {
  std::string report;  ///< how many rows there are and why others are not priced, a line for people
  bool are_all = false;  ///< nothing was left out, neither here nor by the import
};

/// Adds an instrument for every row that has a volatility: a European option of quantity 1 with the
/// forward and discount of its expiry and its own volatility as its quote, named by its OCC symbol.
/// `name` must outlive the instruments.
AddedRows add_rows(io::MarketFile const& file, std::string_view name, JobInput& input,
                   Faults& faults);

}  // namespace muster::jobs::price
