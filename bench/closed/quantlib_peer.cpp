// QuantLib's closed form on one core: through its engine, as its users price, and the bare formula.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ql/exercise.hpp>
#include <ql/instruments/vanillaoption.hpp>
#include <ql/pricingengines/blackcalculator.hpp>
#include <ql/pricingengines/vanilla/analyticeuropeanengine.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/settings.hpp>
#include <ql/termstructures/volatility/equityfx/blackconstantvol.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/calendars/nullcalendar.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>
#include <ql/version.hpp>

#include "bench/closed/options.hpp"

namespace muster::bench {
namespace {

using namespace QuantLib;

Option::Type type_of(double side) { return side > 0 ? Option::Call : Option::Put; }

/// The best of five passes over all options, the first of which warms the caches.
template <class F>
PeerTime best_of(std::size_t count, F pass) {
  PeerTime best{1e300, 0};
  for (int i = 0; i < 5; ++i) {
    auto const begin = std::chrono::steady_clock::now();
    best.price_sum = pass();
    std::chrono::duration<double, std::nano> const took = std::chrono::steady_clock::now() - begin;
    best.ns_an_option = std::min(best.ns_an_option, took.count() / static_cast<double>(count));
  }
  return best;
}

/// One market whose quotes move from option to option.
struct Market {
  ext::shared_ptr<SimpleQuote> spot = ext::make_shared<SimpleQuote>(100.0),
                               rate = ext::make_shared<SimpleQuote>(0.0),
                               dividend = ext::make_shared<SimpleQuote>(0.0),
                               volatility = ext::make_shared<SimpleQuote>(0.2);
  ext::shared_ptr<AnalyticEuropeanEngine> engine;

  explicit Market(Date const& today) {
    Actual365Fixed const days;
    auto const flat = [&](ext::shared_ptr<SimpleQuote> const& quote) {
      return Handle<YieldTermStructure>(
          ext::make_shared<FlatForward>(today, Handle<Quote>(quote), days));
    };
    auto const vol = Handle<BlackVolTermStructure>(
        ext::make_shared<BlackConstantVol>(today, NullCalendar(), Handle<Quote>(volatility), days));
    engine = ext::make_shared<AnalyticEuropeanEngine>(ext::make_shared<BlackScholesMertonProcess>(
        Handle<Quote>(spot), flat(dividend), flat(rate), vol));
  }
};

}  // namespace

PeerTime quantlib_engine(Options const& o) {
  Date const today(2, January, 2026);
  Settings::instance().evaluationDate() = today;
  Market market(today);
  double greeks = 0;
  PeerTime const time = best_of(o.size(), [&] {
    double sum = 0;
    for (std::size_t i = 0; i < o.size(); ++i) {
      market.spot->setValue(o.spot[i]);
      market.rate->setValue(o.rate[i]);
      market.dividend->setValue(o.dividend[i]);
      market.volatility->setValue(o.volatility[i]);
      auto const days = static_cast<Integer>(std::lround(o.years[i] * 365));
      VanillaOption option(ext::make_shared<PlainVanillaPayoff>(type_of(o.side[i]), o.strike[i]),
                           ext::make_shared<EuropeanExercise>(today + days));
      option.setPricingEngine(market.engine);
      sum += option.NPV();
      greeks += option.delta() + option.gamma() + option.vega() + option.theta() + option.rho();
    }
    return sum;
  });
  return std::isfinite(greeks) ? time : PeerTime{time.ns_an_option, greeks};
}

PeerTime quantlib_formula(Options const& o) {
  double greeks = 0;
  PeerTime const time = best_of(o.size(), [&] {
    double sum = 0;
    for (std::size_t i = 0; i < o.size(); ++i) {
      double const discount = std::exp(-o.rate[i] * o.years[i]);
      double const forward = o.spot[i] * std::exp((o.rate[i] - o.dividend[i]) * o.years[i]);
      BlackCalculator const black(type_of(o.side[i]), o.strike[i], forward,
                                  o.volatility[i] * std::sqrt(o.years[i]), discount);
      sum += black.value();
      greeks += black.delta(o.spot[i]) + black.gamma(o.spot[i]) + black.vega(o.years[i]) +
                black.theta(o.spot[i], o.years[i]) + black.rho(o.years[i]);
    }
    return sum;
  });
  return std::isfinite(greeks) ? time : PeerTime{time.ns_an_option, greeks};
}

char const* quantlib_version() { return QL_VERSION; }

}  // namespace muster::bench
