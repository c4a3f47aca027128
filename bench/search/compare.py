#!/usr/bin/env python3
"""muster's search beside pagmo2's: successes and expected running time to a target, a table of both.

usage: compare.py BENCH_SEARCH [--pairs ga,jde] [--seeds 51] [--dimensions 10,30] [--population 100]
                  [--functions sphere,rosenbrock,rastrigin,ackley] [--processes 1]

Needs pygmo (pip install pygmo). GA stands against sga, jDE against sade (de1220 with --pairs de1220, for information):
equal population and bounds, target 1e-8, 1e4 evaluations a dimension. The expected running time (ERT) is all evaluations
of all runs over the number of successes. Exit code 1 where muster has fewer successes or more than 1.05 times the ERT.
"""
import argparse
import multiprocessing
import subprocess
import sys

import pygmo

TARGET = 1e-8
FUNCTIONS = ["sphere", "rosenbrock", "rastrigin", "ackley"]
# muster's algorithm, pagmo2's: their defaults, without pagmo2's stop rules, which would end a run before its budget.
PAIRS = {
    "ga": (0, lambda seed: pygmo.sga(gen=1, seed=seed)),
    "jde": (1, lambda seed: pygmo.sade(gen=1, seed=seed, memory=True, ftol=0, xtol=0)),
    "de1220": (1, lambda seed: pygmo.de1220(gen=1, seed=seed, memory=True, ftol=0, xtol=0)),
}


class Sphere:
    def __init__(self, dimension):
        self.dimension = dimension

    def fitness(self, x):
        return [float(x @ x)]

    def get_bounds(self):
        return [-5.12] * self.dimension, [5.12] * self.dimension


def problem(function, dimension):
    return pygmo.problem(Sphere(dimension) if function == "sphere" else getattr(pygmo, function)(dimension))


def pagmo_run(task):
    """Evaluations to the target, or None."""
    pair, function, dimension, size, seed = task
    population = pygmo.population(problem(function, dimension), size, seed=seed)
    algorithm = pygmo.algorithm(PAIRS[pair][1](seed))
    while population.champion_f[0] > TARGET:
        if population.problem.get_fevals() >= 10000 * dimension:
            return None
        population = algorithm.evolve(population)
    return population.problem.get_fevals()


def muster_runs(bench, pair, function, dimension, size, seeds):
    out = subprocess.run([bench, "solve", f"algorithm={PAIRS[pair][0]}", f"objective={FUNCTIONS.index(function)}",
                          f"genes={dimension}", f"island_size={size}", f"seeds={seeds}", f"target={TARGET}"],
                         check=True, capture_output=True, text=True).stdout
    used = [int(line.split()[0]) for line in out.splitlines()]
    return [evaluations or None for evaluations in used]


def summary(runs, dimension):
    successes = [run for run in runs if run is not None]
    spent = sum(successes) + (len(runs) - len(successes)) * 10000 * dimension
    return len(successes), spent / len(successes) if successes else float("inf")


def holds(ours, theirs):
    return ours[0] >= theirs[0] and (theirs[0] == 0 or ours[1] <= 1.05 * theirs[1])


def row(options, pool, pair, function, dimension):
    tasks = [(pair, function, dimension, options.population, seed) for seed in range(1, options.seeds + 1)]
    ours = summary(muster_runs(options.bench, pair, function, dimension, options.population, options.seeds), dimension)
    theirs = summary(pool.map(pagmo_run, tasks, chunksize=1), dimension)
    ratio = f"{ours[1] / theirs[1]:6.2f}" if ours[0] and theirs[0] else "     -"
    print(f"{pair:7} {function:11} {dimension:3}  {ours[0]:4} {theirs[0]:4}  {ours[1]:10.0f} {theirs[1]:10.0f}  {ratio}  "
          f"{'holds' if holds(ours, theirs) else 'FAILS'}", flush=True)
    return holds(ours, theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--pairs", default="ga,jde")
    parser.add_argument("--functions", default=",".join(FUNCTIONS))
    parser.add_argument("--dimensions", default="10,30")
    parser.add_argument("--seeds", type=int, default=51)
    parser.add_argument("--population", type=int, default=100)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    print(f"population {options.population}, {options.seeds} seeds, target {TARGET:g}, pygmo {pygmo.__version__}\n"
          f"{'':7} {'function':11} {'dim':>3}  {'successes':9}  {'ERT':>10} {'ERT':>10}  ratio\n"
          f"{'':7} {'':11} {'':3}  {'ours':>4} {'theirs':>4}{'ours':>10} {'theirs':>10}")
    with multiprocessing.Pool(options.processes) as pool:
        all_hold = [row(options, pool, pair, function, int(dimension)) for pair in options.pairs.split(",")
                    for dimension in options.dimensions.split(",") for function in options.functions.split(",")]
    return 0 if all(all_hold) else 1


if __name__ == "__main__":
    sys.exit(main())
