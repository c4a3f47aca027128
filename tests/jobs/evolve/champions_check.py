#!/usr/bin/env python3
"""Trades of three bred champions against an independent engine: indicators by TA-Lib, orders by backtesting.py.

usage: champions_check.py MUSTER     exit code 77 without TA-Lib or backtesting
"""
import datetime
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "kernels" / "backtest"))
import peer_check  # noqa: E402  (leaves with 77 where its libraries are missing)
from peer_check import in_steps, numpy, talib  # noqa: E402

JOB = """kind = "evolve"
name = "champion"
[market]
bars = "bars.h5"
[costs]
commission_bps = 0.0
half_spread_bps = 0.0
slippage_bps = 0.0
borrow_percent_year = 0.0
financing_percent_year = 0.0
[rules]
terms = 3
indicators = ["sma", "rsi", "bollinger", "momentum", "channel"]
windows = [5, 10, 14, 20, 50]
longest_hold = 40
[fitness]
least_trades = 60
[search]
population = 128
islands = 4
generations = 12
[honesty]
null_markets = 0
trials = 0
"""
HEADER = "symbol,timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n"
FIRST = datetime.date(2010, 1, 1)


def write_bars(path, bars):
    rows = [f"ONE,{FIRST + datetime.timedelta(days=t)},{b.Open},{b.High},{b.Low},{b.Close},,{b.Volume},0,1\n"
            for t, b in enumerate(bars.itertuples())]
    path.write_text(HEADER + "".join(rows))


def features(bars):
    o, h, l, c = (bars[name].to_numpy() for name in ("Open", "High", "Low", "Close"))

    def change(n):
        return numpy.concatenate([numpy.full(n, numpy.nan), c[n:] - c[:-n]])

    def channel(n):
        top, floor = talib.MAX(h, n), talib.MIN(l, n)
        return (2 * c - top - floor) / (top - floor)

    return {"sma": lambda n: (c - talib.SMA(c, n)) / (3 * talib.ATR(h, l, c, n)), "rsi": lambda n: (talib.RSI(c, n) - 50) / 50,
            "bollinger": lambda n: (c - talib.SMA(c, n)) / (2 * talib.STDDEV(c, n)),
            "momentum": lambda n: change(n) / (math.sqrt(n) * talib.ATR(h, l, c, n)), "channel": channel}


def read_rule(text):
    """Thresholds in the units of score_of: both are whole numbers."""
    terms = [(int(w), name, int(n)) for w, name, n in re.findall(r"([+-]?\d+)% (\w+)\((\d+)\)", text.split(";")[0])]
    unit = 32767 * sum(abs(w) for w, _, _ in terms)

    def number(pattern, scale):
        found = re.search(pattern, text)
        return float(found[1]) * scale if found else None

    def side(name):
        found = re.search(name + r" in (-?\d+)% out (-?\d+)%", text)
        return (int(found[1]) * unit, int(found[2]) * unit)

    return terms, dict(long=side("long"), short=side("short"), stop=number(r"stop ([\d.]+)%", 0.01),
                       target=number(r"target ([\d.]+)%", 0.01), holding=number(r"hold (\d+)", 1))


def score_of(text, terms, bars):
    known = features(bars)
    score = 100 * sum(w * in_steps(known[name](n)) for w, name, n in terms)
    if "by volatility" in text:  # such a size is 0 until there are 20 returns
        score[:20] = numpy.nan
    return score


def column(tables, table, name):
    found = next(t for t in tables if t["name"] == table)
    return next(c["values"] for c in found["columns"] if c["name"] == name)


def told(muster, folder, *arguments):
    ran = subprocess.run([muster, *map(str, arguments), "--json"], cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(ran.stdout + ran.stderr)
    return json.loads(ran.stdout)


def champion(muster, folder, seed):
    """Its text, and its trades on all bars."""
    out = f"{seed}.h5"
    tables = told(muster, folder, "run", "job.toml", "--set", f"seed={seed}", "--out", out, "--quiet", "--device", "cpu")["tables"]
    text = column(tables, "hall_of_fame", "strategy")[column(tables, "hall_of_fame", "is_champion").index(1)]
    tables = told(muster, folder, "backtest", out, "--bars", "bars.h5")["tables"]
    names = ("entry_time", "exit_time", "entry_shares", "entry_price", "exit_price", "reason")
    trades = zip(*(column(tables, "champion_trades", name) for name in names))
    return text, sorted((bar_of(a), bar_of(b), 1 if shares > 0 else -1, p, q, reason) for a, b, shares, p, q, reason in trades)


def bar_of(date):
    return (datetime.date.fromisoformat(date) - FIRST).days


def compare(bars, text, ours):
    terms, rule = read_rule(text)
    theirs = peer_check.peer_trades(bars, rule, score_of(text, terms, bars))
    ours = [t for t in ours if t[5] != "end"]
    theirs = [t for t in theirs if t[1] < len(bars) - 1 or t[:2] in [u[:2] for u in ours]]
    pairs = list(zip(ours, theirs))
    wrong = sum(not peer_check.same(a, b, bars) for a, b in pairs) + abs(len(ours) - len(theirs))
    reasons = {reason: sum(t[5] == reason for t in ours) for reason in sorted({t[5] for t in ours})}
    print(f"{text}\n  {len(ours)} trades {reasons}, {wrong} differ from backtesting.py's {len(theirs)}")
    for a, b in [(a, b) for a, b in pairs if not peer_check.same(a, b, bars)][:3]:
        print("  ", a, b)
    return wrong + (len(ours) < 50)


def main(muster):
    bars, faults = peer_check.make_bars(3000), 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_bars(folder / "bars.csv", bars)
        (folder / "job.toml").write_text(JOB)
        told(muster, folder, "import", "bars", "bars.csv", "--calendar", "none", "--out", "bars.h5")
        for seed in (1, 2, 3):
            faults += compare(bars, *champion(muster, folder, seed))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
