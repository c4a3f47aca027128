"""The peer on a CPU core: QuantLib's Monte Carlo on the contract of bench_plan.hpp, 252 steps a path.

Prints path-steps a second, the best of five, for the pseudo-random European engine. Needs `pip install QuantLib`.
"""

import sys
import time

import QuantLib as ql

STEPS = 252
paths = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 14

today = ql.Date(2, 1, 2026)
ql.Settings.instance().evaluationDate = today
day_count = ql.Actual365Fixed()
process = ql.BlackScholesMertonProcess(
    ql.QuoteHandle(ql.SimpleQuote(100.0)),
    ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, day_count)),
    ql.YieldTermStructureHandle(ql.FlatForward(today, 0.03, day_count)),
    ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, day_count)),
)
option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Call, 100.0), ql.EuropeanExercise(today + 365))

best = float("inf")
for seed in range(1, 6):
    option.setPricingEngine(
        ql.MCEuropeanEngine(process, "pseudorandom", timeSteps=STEPS, requiredSamples=paths, seed=seed)
    )
    begin = time.perf_counter()
    price = option.NPV()
    best = min(best, time.perf_counter() - begin)
print(f"{paths * STEPS / best:.6e} {price:.5f} {ql.__version__}")
