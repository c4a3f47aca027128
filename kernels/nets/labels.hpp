// Prices of calls on a lognormal asset or under Heston's model, and their derivatives, from paths of one contract: what a surrogate
// learns from.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kernels/rng/philox_keys.hpp"

namespace muster::kernels::nets {

/// dv = kappa (theta - v) dt + xi sqrt(v) dW, whose correlation with the spot's motion is rho.
struct HestonMarket {
  double v0 = 0, kappa = 0, theta = 0, xi = 0, rho = 0;
  std::uint32_t steps = 0;  ///< of a path, up to the expiry; 0: the volatility stays
};

/// A call of strike 1 on the arithmetic average of `fixings` spots, equally spaced up to the expiry and equally weighted; the
/// first `known` of them are past, with an average of their own. One fixing is a European call.
struct CallContract {
  double spot = 1;
  double expiry_years = 1;
  double volatility = 0.2;
  double rate = 0;
  double dividend = 0;
  std::uint32_t fixings = 1;
  std::uint32_t known = 0;
  double known_average = 0;
  HestonMarket heston{};  ///< with steps, of a European call whose `volatility` is not read
};

/// What a label's derivatives are by, in this order.
inline constexpr std::size_t label_slopes = 11;
enum LabelSlope : std::size_t {
  by_spot, by_expiry, by_volatility, by_rate, by_dividend, by_known_average, by_v0, by_kappa, by_theta, by_xi, by_rho
};

struct Label {
  double price = 0;
  std::array<double, label_slopes> slopes{};
};

/// Sums over paths, on a grid of 2^-label_bits.
inline constexpr std::size_t label_sums = 8;
inline constexpr int label_bits = 16;
inline constexpr std::uint64_t most_label_pairs = std::uint64_t{1} << 21;
using LabelSums = std::array<std::int64_t, label_sums>;

/// What the paths of a Heston contract need of it. The variance is stepped by Andersen's quadratic-exponential scheme (2008), from
/// mean m = pull + decay v and variance noise_base + noise v; what their derivatives by kappa, theta and xi need stands behind.
struct HestonTerms {
  float decay = 0;  ///< 0: the contract is no such one
  float pull = 0, noise = 0, noise_base = 0;
  float kappa_mean = 0, kappa_mean_v = 0, kappa_noise = 0, kappa_noise_v = 0;
  float theta_mean = 0, theta_noise = 0;
  float xi_noise = 0, xi_noise_v = 0;
  float v0 = 0, theta = 0, rho = 0, rest = 0;  ///< rest: 1 - rho^2
  float expiry = 0, steps = 0;
  float forward = 0, log_forward = 0;
  float hedge = 0;       ///< forwards that the control variate takes off
  float weight = 0;      ///< of a variance at an end of a step in the integral over it
  float pull_weight = 0;  ///< kappa times it
  float kappa_weight = 0, kappa_pull_weight = 0;  ///< their derivatives
  float inverse_xi = 0;
};

/// What the paths of a contract need of it.
struct PathLaw {
  PhiloxKeys keys{};
  std::uint64_t item = 0;  ///< of the first path; its lower 32 bits are zeros
  std::uint32_t stream = 0;
  std::uint32_t steps = 1;
  float spot = 1;
  float drift = 0;         ///< of the logarithm, a step
  float diffusion = 0;     ///< standard deviation of the logarithm, a step
  float past = 0;          ///< what the sum of the future fixings must exceed
  float geometric_past = 0;  ///< what their geometric average must
  HestonTerms heston{};
  bool is_heston() const { return heston.decay > 0; }
};

/// Of the contract number `item`.
PathLaw path_law(CallContract const& contract, std::uint64_t seed, std::uint32_t stream, std::uint32_t item);

/// Adds `pairs` antithetic pairs of paths to label_sums sums.
void add_law_paths(PathLaw const& law, std::uint64_t pairs, std::span<std::int64_t> sums);
/// Adds `pairs` antithetic pairs of paths of the contract number `item`; returns how many of their values no sum can hold.
std::uint64_t add_label_paths(CallContract const& contract, std::uint64_t seed, std::uint32_t stream, std::uint32_t item,
                              std::uint64_t pairs, LabelSums& sums);

/// The estimates: pathwise derivatives, less a control variate of known mean (the forward for one future fixing, the geometric
/// average for several). Under Heston's model each path of the variance stands for its conditional price and derivatives.
Label label_of(CallContract const& contract, LabelSums const& sums, std::uint64_t pairs);

/// The European call in closed form (Black and Scholes with a dividend yield, or Heston), and its derivatives.
Label closed_label(CallContract const& contract);

}  // namespace muster::kernels::nets
