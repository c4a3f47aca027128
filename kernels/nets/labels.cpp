#include "kernels/nets/labels.hpp"

#include "kernels/isa.hpp"
#include "kernels/nets/heston_labels.hpp"
#include "kernels/nets/net_body.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::kernels::nets {
namespace {

double density(double x) { return 0x1.9884533d43651p-2 * exact_exp(-0.5 * x * x); }

std::uint32_t future(CallContract const& c) { return c.fixings - c.known; }

/// What the sum of the future fixings must exceed for the call to pay.
double past_of(CallContract const& c) { return c.fixings - c.known * c.known_average; }

/// A lognormal variable: its logarithm has this mean and standard deviation.
struct Lognormal {
  double mean, deviation;
  double expectation() const { return exact_exp(mean + 0.5 * deviation * deviation); }
  /// (ln E - ln k) / deviation + deviation / 2; beyond all numbers for k <= 0.
  double d1(double k) const { return k > 0 ? (mean - exact_log(k)) / deviation + deviation : 40; }
};

/// The geometric average of the future fixings; their Brownian motions' average has this standard deviation, in steps.
struct Geometric {
  Lognormal law;
  double motion_deviation;
};
Geometric geometric_of(CallContract const& c) {
  double const n = future(c), step = c.expiry_years / n;
  double const drift = (c.rate - c.dividend - 0.5 * c.volatility * c.volatility) * step;
  double const motion = __builtin_sqrt((n + 1) * (2 * n + 1) / (6 * n));
  return {{exact_log(c.spot) + drift * 0.5 * (n + 1), c.volatility * __builtin_sqrt(step) * motion}, motion};
}

/// Means over paths: is paid, times the sum of spots, of spot * motion, of spot * number.
struct Means {
  double in, sum, weighted, timed;
};

/// Of the control, exactly.
Means control_means(CallContract const& c) {
  auto const geometric = geometric_of(c);
  double const n = future(c), e = geometric.law.expectation(), m = geometric.motion_deviation;
  if (n == 1) return {1, e, e * geometric.law.deviation * m, e};
  double const d1 = geometric.law.d1(past_of(c) / n), in = exact_norm_cdf(d1);
  double const weighted = e * m * (geometric.law.deviation * in + density(d1));
  return {exact_norm_cdf(d1 - geometric.law.deviation), n * e * in, n * weighted, e * in * n * (n + 1) / 2};
}

Means means_of(std::int64_t const* sums, double count) {
  double const grid = 1.0 / (double(1 << label_bits) * count);
  return {static_cast<double>(sums[0]) / count, static_cast<double>(sums[1]) * grid, static_cast<double>(sums[2]) * grid,
          static_cast<double>(sums[3]) * grid};
}

/// Discounted payoff and derivatives, which are linear in the means.
Label label_from(CallContract const& c, Means const& m) {
  double const n = future(c), weight = 1.0 / c.fixings, discount = exact_exp(-c.rate * c.expiry_years) * weight;
  double const root = __builtin_sqrt(c.expiry_years / n), drift = c.rate - c.dividend - 0.5 * c.volatility * c.volatility;
  Label label;
  label.price = discount * (m.sum - past_of(c) * m.in);
  double const by_time = drift * m.timed / n + 0.5 * c.volatility * root / c.expiry_years * m.weighted;
  double const by_rate = m.timed * c.expiry_years / n;
  label.slopes = {discount * m.sum / c.spot,
                  discount * by_time - c.rate * label.price,
                  discount * (root * m.weighted - c.volatility * by_rate),
                  discount * by_rate - c.expiry_years * label.price,
                  -discount * by_rate,
                  discount * c.known * m.in};
  return label;
}

Means combine(Means const& a, double factor, Means const& b) {
  return {a.in + factor * b.in, a.sum + factor * b.sum, a.weighted + factor * b.weighted, a.timed + factor * b.timed};
}

}  // namespace

PathLaw path_law(CallContract const& c, std::uint64_t seed, std::uint32_t stream, std::uint32_t item) {
  double const n = future(c), step = c.expiry_years / n;
  if (c.heston.steps > 0) {
    PathLaw heston{philox_keys(seed), std::uint64_t{item} << 32, stream, c.heston.steps, static_cast<float>(c.spot)};
    heston.heston = heston_terms(c);
    return heston;
  }
  PathLaw law{philox_keys(seed), std::uint64_t{item} << 32, stream, future(c), static_cast<float>(c.spot)};
  law.drift = static_cast<float>((c.rate - c.dividend - 0.5 * c.volatility * c.volatility) * step);
  law.diffusion = static_cast<float>(c.volatility * __builtin_sqrt(step));
  law.past = static_cast<float>(past_of(c));
  law.geometric_past = static_cast<float>(past_of(c) / n);
  return law;
}

void add_law_paths(PathLaw const& law, std::uint64_t pairs, std::span<std::int64_t> sums) {
  if (law.is_heston()) return MUSTER_NETS_DISPATCH(add_heston_paths, law, pairs, sums.data());
  MUSTER_NETS_DISPATCH(add_paths, law, pairs, sums.data());
}

std::uint64_t add_label_paths(CallContract const& c, std::uint64_t seed, std::uint32_t stream, std::uint32_t item, std::uint64_t pairs,
                              LabelSums& sums) {
  add_law_paths(path_law(c, seed, stream, item), pairs, sums);
  return static_cast<std::uint64_t>(sums[7]);
}

Label label_of(CallContract const& c, LabelSums const& sums, std::uint64_t pairs) {
  if (c.heston.steps > 0) return heston_label(c, sums, pairs);
  double const count = 2.0 * static_cast<double>(pairs), n = future(c);
  Means const plain = means_of(sums.data(), count);
  // The sums hold one average; as many fixings of it stand for the sum, and its fixings' mean number for the number.
  Means control = means_of(sums.data() + 4, count);
  control = {control.in, n * control.sum, n * control.weighted, control.sum * n * (n + 1) / 2};
  Means const known = control_means(c);
  auto const geometric = geometric_of(c);
  // With one fixing the control is the forward, in the measure in which the call would be hedged.
  double const factor = n > 1 ? 1.0 : exact_norm_cdf(geometric.law.d1(past_of(c)));
  Means error = combine(control, -1, known);
  if (n == 1) error.in = 0;
  return label_from(c, combine(plain, -factor, error));
}

Label closed_label(CallContract const& c) {
  if (c.heston.steps > 0) return closed_heston_label(c);
  auto const law = geometric_of(c).law;
  double const d1 = law.d1(past_of(c)), in = exact_norm_cdf(d1), e = law.expectation();
  return label_from(c, {exact_norm_cdf(d1 - law.deviation), e * in, e * (law.deviation * in + density(d1)), e * in});
}

}  // namespace muster::kernels::nets
