"""The peer on a CPU core: QuantLib's Monte Carlo on the contract of bench_plan.hpp, 252 steps a path.

Prints a line for Black-Scholes and one for Heston (QE-M): path-steps a second, the best of five, by the pseudo-random
European engines; the price; QuantLib's version. Needs `pip install QuantLib`.
"""

import sys
import time

import QuantLib as ql

STEPS = 252
paths = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 14

today = ql.Date(2, 1, 2026)
ql.Settings.instance().evaluationDate = today
day_count = ql.Actual365Fixed()
spot = ql.QuoteHandle(ql.SimpleQuote(100.0))
dividend = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, day_count))
rate = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.03, day_count))
volatility = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, day_count))
option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Call, 100.0), ql.EuropeanExercise(today + 365))

black_scholes = ql.BlackScholesMertonProcess(spot, dividend, rate, volatility)
heston = ql.HestonProcess(
    rate, dividend, spot, 0.04, 1.5, 0.04, 0.5, -0.7, ql.HestonProcess.QuadraticExponentialMartingale
)


def measure(make_engine, samples):
    best = float("inf")
    for seed in range(1, 6):
        option.setPricingEngine(make_engine(seed, samples))
        begin = time.perf_counter()
        price = option.NPV()
        best = min(best, time.perf_counter() - begin)
    print(f"{samples * STEPS / best:.6e} {price:.5f} {ql.__version__}")


measure(lambda seed, n: ql.MCEuropeanEngine(black_scholes, "pseudorandom", timeSteps=STEPS, requiredSamples=n, seed=seed), paths)
measure(
    lambda seed, n: ql.MCEuropeanHestonEngine(heston, "pseudorandom", timeSteps=STEPS, requiredSamples=n, seed=seed), paths // 4
)
