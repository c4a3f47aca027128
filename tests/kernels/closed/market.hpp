// Flat-market inputs for the closed-form tests.
#pragma once

#include "kernels/closed_forms.hpp"

namespace muster::kernels::test {

inline TermValue rate_over(double rate, double years) { return {rate * years, 0, 0, years, -rate}; }
inline TermValue yield_over(double yield, double years) { return {yield * years, 0, 0, 0, -yield}; }
inline TermValue variance_over(double vol, double years) {
  return {vol * vol * years, 2 * vol * years, 2 * years, 0, -vol * vol};
}

inline Underlying asset(double spot, double yield, double vol, double years) {
  return {spot, yield_over(yield, years), variance_over(vol, years), nullptr, 0};
}

inline VanillaInput european(int is_call, double spot, double strike, double rate, double yield,
                             double vol, double years) {
  VanillaInput in;
  in.is_call = is_call;
  in.asset = asset(spot, yield, vol, years);
  in.strike = strike;
  in.years = years;
  in.rate = rate_over(rate, years);
  return in;
}

struct HestonModel {
  double rate, yield, v0, kappa, theta, xi, rho, years;
};

inline HestonInput heston_option(HestonModel const& m, int is_call, double strike) {
  HestonInput in;
  in.is_call = is_call;
  in.asset = asset(100, m.yield, 0, m.years);
  in.strike = strike;
  in.years = m.years;
  in.rate = rate_over(m.rate, m.years);
  in.v0 = m.v0;
  in.kappa = m.kappa;
  in.theta = m.theta;
  in.xi = m.xi;
  in.rho = m.rho;
  return in;
}

inline TwoAssetInput pair(TwoAssetPayoff payoff, int is_call, Underlying const& first,
                          Underlying const& second, double strike, double correlation, double rate,
                          double years) {
  return {payoff, is_call, first, second, strike, correlation, rate_over(rate, years)};
}

}  // namespace muster::kernels::test
