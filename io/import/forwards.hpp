// Forward and discount of every expiry of a chain: one curve of rates through the expiries where
// parity decides.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/import/parity.hpp"
#include "io/market_file.hpp"

namespace muster::io {

/// One expiry going in: its kept quotes as pairs, ascending in strike.
struct ExpiryPairs {
  double years = 0;
  Exercise exercise = Exercise::european;
  std::vector<ParityPair> pairs;
};

/// One expiry coming out. forward 0 and quality unusable: there is no pair of call and put.
struct ExpiryForward {
  double forward = 0;
  double discount = 1;
  double rate_error = 0;  ///< one standard error of parity's own rate; 0 when parity gave none
  std::size_t pairs = 0;
  ExpiryQuality quality = ExpiryQuality::good;
  std::string reason;  ///< why the quality is not good; empty when it is
};

struct ChainForwards {
  std::vector<ExpiryForward> expiries;  ///< in the order given
  std::string note;  ///< about the whole chain; empty when there is nothing to say
};

/// `rate`: continuous, taken instead of what parity says.
ChainForwards find_forwards(std::vector<ExpiryPairs> const& expiries, std::optional<double> rate);

}  // namespace muster::io
