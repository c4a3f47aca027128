// Put-call parity at one expiry: call - put = discount * (forward - strike), a line in the strike
// (docs/methods/implied-forward.md).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace muster::io {

/// Call and put at one strike, mid prices; `spread` is the larger of their bid-ask spreads.
struct ParityPair {
  double strike = 0, call = 0, put = 0, spread = 0;
};

/// How far from the money a pair still counts, as shares of the forward.
struct ParityWindow {
  double deviations = 2;  ///< standard deviations to expiry, as the straddle implies them
  double least = 0.03;
  double most = 0.20;
};

struct ParityLine {
  bool found = false;
  double forward = 0;
  double discount = 0;
  double discount_error = 0;  ///< one standard error, from the scatter about the line
  std::size_t pairs = 0;      ///< used, after trimming
  std::size_t pairs_in_window = 0;
};

/// Least squares weighted by spread^-2, with pairs beyond 3 robust deviations trimmed until none
/// is. Not found with fewer than 6 pairs or a discount that is not above zero. Pairs ascend in
/// strike.
ParityLine fit_parity(std::span<ParityPair const> pairs, ParityWindow window);

struct ForwardEstimate {
  double forward = 0;  ///< 0: there is no pair
  std::size_t pairs = 0;
};
/// The forward at a known discount: the weighted median over the pairs nearest to the money.
ForwardEstimate forward_at(std::span<ParityPair const> pairs, double discount);

}  // namespace muster::io
