// The kept quotes of a chain, by root and expiry.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "io/import/contract_rules.hpp"
#include "io/import/forwards.hpp"
#include "io/import/quote.hpp"

namespace muster::io {

/// The kept quotes of one root and expiry.
struct Slice {
  std::string root;
  Date expiry;
  RootRules rules;
  Instant settled;
  double years = 0;
  std::vector<OptionQuote const*> quotes;  ///< ascending in strike, calls before puts
  ExpiryForward forward;
};

/// Told of every quote that is kept apart, with its reason.
using Reject = std::function<void(OptionQuote const& quote, std::string_view reason)>;

/// Slices by time of settlement. They point into `chain`, which must outlive them.
std::vector<Slice> slice_chain(RawChain const& chain, Instant as_of, Reject const& reject);
/// What put-call parity works on.
ExpiryPairs pairs_of(Slice const& slice);
/// Takes quotes out that contradict a good forward, and slices that are left empty.
void drop_impossible(std::vector<Slice>& slices, Reject const& reject);

double mid_of(OptionQuote const& quote);

}  // namespace muster::io
