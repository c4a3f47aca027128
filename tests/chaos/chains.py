#!/usr/bin/env python3
"""Chains of requeues: runs that are ended again and again, each time resumed on another number of ranks.

chains.py --muster MUSTER_ELSEWHERE [--chains 50] [--across-tiers 20] [--seed 1] [--keep-going]

A chain is one run in 6 to 11 starts of 1 to 8 ranks, as threads or under mpirun. All starts but the last are
killed (everything of theirs, SIGKILL) or stopped (SIGTERM, muster stop) once they have committed tiles of their
own. In chains across tiers every start takes place on another machine fixture, of which two in a row are never
of the same tier: "auto" settings would be others there. Each chain has to end with the digest of a run that
nobody disturbed, on the tier it began on, with no committed tile lost on the way and no file left beside the
result. Prints a line for a chain that does not, and a table last; exit code 1 if there was one.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from chaos import environment, processes_of, ranks_of, send

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "topology" / "fixtures"
MACHINES = {"low": ["laptop-3050"], "mid": ["no-gpu", "single-p4"], "high": ["cloud-t4", "duo-5090", "dgx-a100", "hgx-h200"]}
# "auto" paths by tier; 128 tiles and some 10 s of one core on each.
PATHS = {"low": 1 << 18, "mid": 1 << 20, "high": 1 << 22}
TILES = 128
JOB = """kind = "price"
method = "both"
outputs = ["price", "delta"]
[simulation]
paths = "auto"
tile_paths = {tile_paths}
precision = "double"
steps_per_year = {steps}
[[market.asset]]
name = "A"
spot = 100.0
volatility = 0.2
[[instrument]]
kind = "asian"
right = "call"
strike = 100.0
expiry_years = 1.0
fixings = 12
"""
START_LIMIT_S = 120


class Chain:
    def __init__(self, seed, is_across_tiers):
        draw = random.Random(seed)
        self.seed = seed
        self.requeues = draw.randint(5, 10)
        self.ends = [draw.choice(["kill", "kill", "term", "stop"]) for _ in range(self.requeues)]
        self.ranks = [draw.randint(1, 8) for _ in range(self.requeues + 1)]
        self.launched = [draw.random() < 0.3 for _ in self.ranks]
        self.machines = [None] * len(self.ranks)
        self.tier = draw.choice(list(MACHINES)) if is_across_tiers else "mid"
        tier = self.tier
        for at in range(len(self.ranks) if is_across_tiers else 0):
            self.machines[at] = FIXTURES / draw.choice(MACHINES[tier])
            tier = draw.choice([other for other in MACHINES if other != tier])


class Chains:
    def __init__(self, muster):
        self.muster = muster
        self.folder = tempfile.TemporaryDirectory(prefix="muster-chains-")
        self.counts = collections.Counter()
        self.digests = {}

    def path(self, name):
        return pathlib.Path(self.folder.name) / name

    def job_of(self, tier):
        """The same work on each tier; the file with "auto" in it."""
        job = self.path(f"{tier}.toml")
        if not job.exists():
            job.write_text(JOB.format(tile_paths=PATHS[tier] // TILES, steps=float(24000 * PATHS["low"] // PATHS[tier])))
        return job

    def command(self, tier, out, *more):
        return [self.muster, "run", self.job_of(tier), "--device", "cpu", "--threads", "1", "--commit-interval", "0.05", "--quiet",
                "--json", "--out", out, *more]

    def undisturbed(self, tier):
        if tier not in self.digests:
            out = self.path("whole.h5")
            done = subprocess.run(self.command(tier, out, "--set", f"simulation.paths={PATHS[tier]}"), env=environment(),
                                  capture_output=True, text=True, check=True)
            self.digests[tier] = json.loads(done.stdout)["result_digest"]
            out.unlink()
        return self.digests[tier]

    def start(self, chain, at, out):
        more = ["--ranks", str(chain.ranks[at])]
        if chain.launched[at] and chain.ranks[at] > 1:
            more += ["--launcher", "mpirun"]
        self.counts[f"starts of {chain.ranks[at]} ranks"] += 1
        told = environment()
        if chain.machines[at]:
            told["MUSTER_TEST_MACHINE"] = str(chain.machines[at])
        return subprocess.Popen(self.command(chain.tier, out, *more), env=told, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def committed(self, out):
        ran = subprocess.run([self.muster, "status", out, "--json"], capture_output=True, text=True, check=False)
        return json.loads(ran.stdout).get("tiles_committed", 0) if ran.returncode == 0 else 0

    def end(self, how, process, out):
        """Ends a start. The launcher would only stop the ranks of a supervisor that was killed."""
        self.counts[how] += 1
        if how == "kill":
            process.send_signal(signal.SIGSTOP)
            ranks = ranks_of(process.pid).values()
            for pid in ranks:
                send(pid, signal.SIGKILL)
            process.kill()
        elif how == "term":
            process.send_signal(signal.SIGTERM)
        else:
            subprocess.run([self.muster, "stop", out], capture_output=True, check=False)

    def run(self, chain):
        """Why this chain is not as it should be, or ""."""
        out = self.path(f"{chain.seed}.h5")
        before = 0
        supervisors = []
        try:
            for at, how in enumerate([*chain.ends, None]):
                process = self.start(chain, at, out)
                supervisors.append(process.pid)
                fault, before = self.see_through(process, how, out, before)
                if fault:
                    return f"start {at + 1}: {fault}"
            return self.fault_of(chain, out)
        finally:
            # A launcher whose supervisor was killed takes a minute to leave.
            for pid in [pid for supervisor in supervisors for pid, _ in processes_of(supervisor)]:
                send(pid, signal.SIGKILL)

    def see_through(self, process, how, out, before):
        """One start: until it has committed something, to the end that is meant for it."""
        deadline = time.monotonic() + START_LIMIT_S
        while how and process.poll() is None and self.committed(out) <= before:
            if time.monotonic() > deadline:
                process.kill()
                return "no new commit", before
            time.sleep(0.02)
        if how and process.poll() is None:
            self.end(how, process, out)
        try:
            said = "".join(process.communicate(timeout=START_LIMIT_S))
        except subprocess.TimeoutExpired:
            process.kill()
            return "it does not end", before
        while ranks_of(process.pid):
            time.sleep(0.02)
        expected = {None: (0,), "kill": (-signal.SIGKILL, 0)}.get(how, (75, 0))
        if process.returncode not in expected:
            return f"exit code {process.returncode} after {how}: {said[-2000:]}", before
        if process.returncode == 0:
            self.counts["starts that came to the end"] += 1
            return "", before
        now = self.committed(out)
        return ("" if now >= before else f"{now} tiles are committed, {before} were"), now

    def fault_of(self, chain, out):
        told = json.loads(subprocess.run([self.muster, "status", out, "--json"], capture_output=True, text=True, check=True).stdout)
        if told.get("result_digest") != self.undisturbed(chain.tier):
            return f"digest {told.get('result_digest')}"
        left = sorted(path.name for path in out.parent.glob(out.name + "?*"))
        return "" if left == [out.name + ".log"] else f"files left: {left}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--muster", required=True)
    parser.add_argument("--chains", type=int, default=50)
    parser.add_argument("--across-tiers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-going", action="store_true")
    arguments = parser.parse_args()
    chains = Chains(arguments.muster)
    faults = 0
    start = time.monotonic()
    for at in range(arguments.chains):
        chain = Chain(arguments.seed + at, at < arguments.across_tiers)
        if fault := chains.run(chain):
            faults += 1
            print(f"seed {chain.seed}: {fault}", flush=True)
            if not arguments.keep_going:
                break
    for what, count in sorted(chains.counts.items()):
        print(f"{what:<28}{count}")
    print(f"{'chains':<28}{at + 1} in {time.monotonic() - start:.0f} s, {faults} at fault")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
