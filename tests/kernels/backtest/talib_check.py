#!/usr/bin/env python3
"""muster's indicators against TA-Lib's: same bars defined, same values to 1e-9.

usage: talib_check.py PRINT_INDICATORS     compares 3000 bars, 24 windows; exit code 77 without TA-Lib
       talib_check.py --answers            prints tests/kernels/backtest/talib_answers.txt
"""
import subprocess
import sys

try:
    import numpy
    import talib
except ImportError as missing:
    print(f"skipped: {missing}; pip install TA-Lib numpy compares the indicators with TA-Lib's")
    sys.exit(77)

WINDOWS = [2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 34, 40, 50, 60, 75, 90, 110, 140, 170, 200]


def make_bars(count):
    """Cents of a random walk by a fixed generator, with a jump now and then."""
    state, price, bars = 12345, 10000, []
    for t in range(count):
        draws = []
        for _ in range(3):
            state = (state * 1103515245 + 12345) % 2**31
            draws.append(state >> 16)
        price = max(100, price + draws[0] % 301 - 150 + (draws[1] % 2000 if draws[2] % 97 == 0 else 0))
        bars.append((price + draws[1] % 120, price - draws[2] % 120 % price, price))
    return numpy.array(bars) / 100.0


def talib_values(high, low, close, n):
    slow, signal = (26 * n + 6) // 12, (9 * n + 6) // 12
    returns = close[1:] / close[:-1] - 1
    return {
        "sma": talib.SMA(close, n), "ema": talib.EMA(close, n), "wma": talib.WMA(close, n), "rsi": talib.RSI(close, n),
        "macd": talib.MACD(close, n, slow, signal)[2], "stddev": talib.STDDEV(close, n), "atr": talib.ATR(high, low, close, n),
        "roc": talib.ROC(close, n) / 100, "max": talib.MAX(high, n), "min": talib.MIN(low, n),
        "volatility": numpy.concatenate([[numpy.nan], talib.STDDEV(returns, n)]),
    }


def print_answers():
    bars = make_bars(120)
    print("# Made by talib_check.py --answers with TA-Lib", talib.__version__, "- bars (high low close), then: name window bar value")
    print(len(bars))
    for bar in bars:
        print("%.2f %.2f %.2f" % tuple(bar))
    for n in (2, 5, 14):
        for name, values in talib_values(*(numpy.ascontiguousarray(c) for c in bars.T), n).items():
            first = int(numpy.argmax(~numpy.isnan(values)))
            for t in [first, *range(first + 1, len(values), 13)]:
                print(name, n, t, repr(float(values[t])))


def read_ours(tool, bars):
    text = "\n".join("%.17g %.17g %.17g" % tuple(bar) for bar in bars)
    out = subprocess.run([tool, *map(str, WINDOWS)], input=text, capture_output=True, text=True, check=True).stdout
    ours = {}
    for line in out.splitlines():
        name, window, bar, value = line.split()
        ours.setdefault((name, int(window)), numpy.full(len(bars), numpy.nan))[int(bar)] = float(value)
    return ours


def compare(tool):
    bars = make_bars(3000)
    ours, faults, compared = read_ours(tool, bars), 0, 0
    columns = [numpy.ascontiguousarray(c) for c in bars.T]
    for n in WINDOWS:
        for name, expected in talib_values(*columns, n).items():
            got = ours[(name, n)]
            if (numpy.isnan(got) != numpy.isnan(expected)).any():
                faults += 1
                print(f"{name} {n}: defined on other bars than TA-Lib's")
                continue
            error = numpy.nanmax(numpy.abs(got - expected) / numpy.maximum(1, numpy.abs(expected)))
            compared += int((~numpy.isnan(expected)).sum())
            if not error <= 1e-9:
                faults += 1
                print(f"{name} {n}: differs by {error:.3g}")
    print(f"{compared} values of {len(ours)} series compared with TA-Lib {talib.__version__}, {faults} faults")
    return 1 if faults or compared < 100000 else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--answers"]:
        print_answers()
    else:
        sys.exit(compare(sys.argv[1]))
