#!/usr/bin/env python3
"""Prints the numbers that the tests of kernels/statistics hold, by numpy and scipy and nothing of muster's.

usage: known_answers.py
"""
import itertools

import numpy
import scipy.stats

MASK = (1 << 64) - 1


def noise(seed, bars):
    out, state = [], seed & MASK
    for _ in range(bars):
        state = (state * 6364136223846793005 + 1442695040888963407) & MASK
        out.append(float((state >> 48) - 32768))
    return numpy.array(out)


def made_returns(seed, trials, bars, common_share):
    common = noise(seed, bars)
    rows = [(common * common_share + noise(seed * 1000 + i + 1, bars) * (8 - common_share)) * 2.0**-20
            + (2.0**-9 if i % 5 == 0 else 0) for i in range(trials)]
    return numpy.array(rows)


def moments():
    r = made_returns(11, 1, 250, 3)[0]
    print("moments", [repr(float(x)) for x in (r.mean(), r.std(ddof=1), scipy.stats.skew(r), scipy.stats.kurtosis(r, fisher=False))])


def expected_largest(variance, trials):
    g, z = numpy.euler_gamma, scipy.stats.norm.isf
    return numpy.sqrt(variance) * ((1 - g) * z(1 / trials) + g * z(1 / (trials * numpy.e)))


def probabilistic(s, n, skew, kurtosis, benchmark):
    return scipy.stats.norm.cdf((s - benchmark) * numpy.sqrt(n - 1) / numpy.sqrt(1 - skew * s + (kurtosis - 1) / 4 * s * s))


def sharpe():
    s = 2.5 / numpy.sqrt(250)
    for trials in (46, 100):
        print("deflated", trials, repr(float(probabilistic(s, 1250, -3, 10, expected_largest(0.5 / 250, trials)))))
    print("probabilistic", repr(float(probabilistic(0.1, 500, -0.5, 5, 0.02))))
    print("largest", [repr(float(expected_largest(1, n))) for n in (2, 10, 1000, 1e6)])


def correlation():
    r = made_returns(5, 20, 300, 3)
    c = numpy.corrcoef(r)
    print("correlation", repr(float((c.sum() - 20) / 380)))


def cscv(r, blocks):
    """Straight from the paper: the columns of each half, their Sharpe ratios, the rank of the best."""
    length = r.shape[1] // blocks * blocks
    parts = numpy.split(r[:, r.shape[1] - length:], blocks, axis=1)
    logits, inside, outside = [], [], []
    for chosen in itertools.combinations(range(blocks), blocks // 2):
        own = numpy.concatenate([parts[b] for b in chosen], axis=1)
        other = numpy.concatenate([parts[b] for b in range(blocks) if b not in chosen], axis=1)
        s, o = own.mean(1) / own.std(1), other.mean(1) / other.std(1)
        best = s.argmax()
        rank = scipy.stats.rankdata(o)[best]
        w = rank / (len(o) + 1)
        logits.append(numpy.log(w / (1 - w)))
        inside.append(s[best])
        outside.append(o[best])
    slope = numpy.polyfit(inside, outside, 1)[0]
    return float(numpy.mean(numpy.array(logits) <= 1e-12)), float(numpy.mean(numpy.array(outside) < 0)), float(slope)


def overfitting():
    print("cscv 16 blocks", cscv(made_returns(3, 12, 330, 2), 16))
    print("cscv 8 blocks", cscv(made_returns(4, 31, 165, 0), 8))


def bootstrap_variance():
    """Politis and Romano 1994, lemma 1: the variance of the resampled mean, times the bars, at p = 1 / 8."""
    x = made_returns(9, 1, 60, 8)[0]
    n, p, d = len(x), 1 / 8, x - x.mean()
    c = [float((d * numpy.roll(d, -i)).mean()) for i in range(n)]
    print("bootstrap variance", repr(c[0] + 2 * sum((1 - i / n) * (1 - p)**i * c[i] for i in range(1, n))))


if __name__ == "__main__":
    moments()
    sharpe()
    correlation()
    overfitting()
    bootstrap_variance()
