#include "kernels/nets/heston_labels.hpp"

#include "kernels/closed_forms.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::kernels::nets {
namespace {

double log_forward(CallContract const& c) { return exact_log(c.spot) + (c.rate - c.dividend) * c.expiry_years; }

/// The call's delta by the forward, were the variance its mean.
double hedge_of(CallContract const& c) {
  auto const& h = c.heston;
  double const faded = (1 - exact_exp(-h.kappa * c.expiry_years)) / h.kappa;
  double const deviation = __builtin_sqrt(h.theta * c.expiry_years + (h.v0 - h.theta) * faded);
  return exact_norm_cdf(log_forward(c) / deviation + 0.5 * deviation);
}

/// Undiscounted: the price, its derivative by the logarithm of the forward, and those by the model's parameters.
struct HestonMeans {
  double price, by_forward, v0, kappa, theta, xi, rho;
};

/// Time counts only beside v0, kappa, theta and xi: scaled by one factor, they and 1 / expiry change no undiscounted price.
double by_time(CallContract const& c, HestonMeans const& m) {
  auto const& h = c.heston;
  return (h.v0 * m.v0 + h.kappa * m.kappa + h.theta * m.theta + h.xi * m.xi) / c.expiry_years;
}

Label heston_label_from(CallContract const& c, HestonMeans const& m) {
  double const discount = exact_exp(-c.rate * c.expiry_years), forward = discount * m.by_forward;
  Label label;
  label.price = discount * m.price;
  auto& slopes = label.slopes;
  slopes[by_spot] = forward / c.spot;
  slopes[by_expiry] = discount * by_time(c, m) + (c.rate - c.dividend) * forward - c.rate * label.price;
  slopes[by_rate] = c.expiry_years * (forward - label.price);
  slopes[by_dividend] = -c.expiry_years * forward;
  slopes[by_v0] = discount * m.v0;
  slopes[by_kappa] = discount * m.kappa;
  slopes[by_theta] = discount * m.theta;
  slopes[by_xi] = discount * m.xi;
  slopes[by_rho] = discount * m.rho;
  return label;
}

}  // namespace

HestonTerms heston_terms(CallContract const& c) {
  auto const& h = c.heston;
  double const step = c.expiry_years / h.steps, decay = exact_exp(-h.kappa * step), gone = 1 - decay, by_decay = -step * decay;
  double const spread = h.xi * h.xi / h.kappa, noise = spread * decay * gone, base = 0.5 * h.theta * spread * gone * gone;
  // Weights that give deterministic paths their integral, and the motion that drives the variance no mean.
  double const pull_weight = gone / (1 + decay), weight = pull_weight / h.kappa;
  double const by_pull_weight = -2 * by_decay / ((1 + decay) * (1 + decay));
  HestonTerms terms;
  auto const put = [](float& to, double value) { to = static_cast<float>(value); };
  put(terms.decay, decay);
  put(terms.pull, gone * h.theta);
  put(terms.noise, noise);
  put(terms.noise_base, base);
  put(terms.kappa_mean, -by_decay * h.theta);
  put(terms.kappa_mean_v, by_decay);
  put(terms.kappa_noise, -h.theta * spread * gone * by_decay - base / h.kappa);
  put(terms.kappa_noise_v, spread * by_decay * (1 - 2 * decay) - noise / h.kappa);
  put(terms.theta_mean, gone);
  put(terms.theta_noise, 0.5 * spread * gone * gone);
  put(terms.xi_noise, 2 * base / h.xi);
  put(terms.xi_noise_v, 2 * noise / h.xi);
  put(terms.v0, h.v0);
  put(terms.theta, h.theta);
  put(terms.rho, h.rho);
  put(terms.rest, (1 - h.rho) * (1 + h.rho));
  put(terms.expiry, c.expiry_years);
  put(terms.steps, h.steps);
  put(terms.forward, exact_exp(log_forward(c)));
  put(terms.log_forward, log_forward(c));
  put(terms.hedge, hedge_of(c));
  put(terms.weight, weight);
  put(terms.pull_weight, pull_weight);
  put(terms.kappa_weight, (by_pull_weight - weight) / h.kappa);
  put(terms.kappa_pull_weight, by_pull_weight);
  put(terms.inverse_xi, 1 / h.xi);
  return terms;
}

Label heston_label(CallContract const& c, LabelSums const& sums, std::uint64_t pairs) {
  double const grid = 1.0 / (double(1 << label_bits) * 2 * static_cast<double>(pairs));
  auto const mean = [&](std::size_t s) { return static_cast<double>(sums[s]) * grid; };
  double const hedge = hedge_of(c) * exact_exp(log_forward(c));
  return heston_label_from(c, {mean(0) + hedge, mean(1) + hedge, mean(2), mean(3), mean(4), mean(5), mean(6)});
}

Label closed_heston_label(CallContract const& c) {
  auto const& h = c.heston;
  HestonInput in;
  in.asset.spot = c.spot;
  in.asset.dividend.value = c.dividend * c.expiry_years;
  in.rate.value = c.rate * c.expiry_years;
  in.strike = 1;
  in.years = c.expiry_years;
  in.v0 = h.v0, in.kappa = h.kappa, in.theta = h.theta, in.xi = h.xi, in.rho = h.rho;
  auto const found = heston(in);
  double const growth = exact_exp(in.rate.value);
  return heston_label_from(c, {growth * found.price, growth * found.delta * c.spot, growth * found.by_v0, growth * found.by_kappa,
                        growth * found.by_theta, growth * found.by_xi, growth * found.by_rho});
}

}  // namespace muster::kernels::nets
