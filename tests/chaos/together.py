#!/usr/bin/env python3
"""Ranks whose GPUs compute together, over NCCL: one answer, also where ranks are killed in the middle of it.

together.py --muster BINARY [--ranks 1,2,3] [--kills 6] [--set KEY=VALUE ...] [--one-card]

Trains a network with the sums of several ranks added up by NCCL, and by way of rank 0's memory, and compares the digest with that of
one process; prints seconds a step of each. Then kills a rank (SIGKILL) at a random time of so many runs of the most ranks, in turn
one that is not rank 0, after which the others go on, and rank 0, after which the run is started again. With --one-card all ranks
share the first GPU: each is given a host of its own by NCCL_HOSTID, as NCCL refuses two ranks on a card of one host, and they talk
over a socket. Exit code 1 when a digest differs, a run fails or nothing was computed together.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

JOB = """
kind = "train"
name = "together"
model = "surrogate"
seed = 7
[contract]
type = "european_call"
spot = [0.5, 1.5]
expiry_years = [0.02, 2]
volatility = [0.05, 0.6]
rate = [-0.02, 0.08]
dividend = [0, 0.05]
[data]
samples = 16384
validation = 1024
test = 1024
paths = 200
grid = 1048576
[network]
width = 512
layers = 5
[training]
epochs = 20
batch = 4096
shards = 16
slopes = 1
"""
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--enable-recovery", "--mca", "odls_base_sigkill_timeout", "2"]
LIMIT_S = 300


class Trial:
    def __init__(self, arguments, folder):
        self.muster, self.one_card, self.folder = arguments.muster, arguments.one_card, folder
        self.job = folder / "together.toml"
        self.job.write_text(JOB, encoding="utf-8")
        self.settings = [word for pair in arguments.set for word in ("--set", pair)]
        self.runs = 0

    def line(self, ranks, sums, out, start):
        words = [self.muster, "run", str(self.job), *self.settings, "--device", "gpu", "--sums", sums, "--commit-interval", "0.5", "--quiet",
                 "--json", "--out", str(out), *start]
        if self.one_card:
            words.append("--share-gpus")
        if ranks == 1:
            return words
        if not self.one_card:
            return [*MPIRUN, "-n", str(ranks), *words]
        line = list(MPIRUN)
        for rank in range(ranks):
            line += [":"] if rank > 0 else []
            line += ["-n", "1", "-x", f"NCCL_HOSTID=host{rank}", "-x", "NCCL_SOCKET_IFNAME=lo", *words]
        return line

    def start(self, ranks, sums, out, start=("--fresh",)):
        return subprocess.Popen(self.line(ranks, sums, out, start), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process, what):
        try:
            said, complained = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            said, complained = process.communicate()
            fail(f"{what} hangs", complained)
        return said, complained

    def whole(self, ranks, sums):
        self.runs += 1
        out = self.folder / f"whole{self.runs}.h5"
        said, complained = self.finish(self.start(ranks, sums, out), f"{ranks} ranks")
        return told(said, complained, f"{ranks} ranks, sums by {sums}"), out.with_suffix(".h5.log")

    def killed(self, ranks, seconds, kills_root):
        """A run that loses a rank after some time."""
        self.runs += 1
        out = self.folder / f"killed{self.runs}.h5"
        process = self.start(ranks, "nccl", out)
        time.sleep(seconds)
        pids = ranks_below(process.pid)
        if not pids:
            self.finish(process, "a run that was over")
            return None
        victim = next((pid for pid, rank in pids if (rank == 0) == kills_root), None)
        if victim is not None:
            os.kill(victim, signal.SIGKILL)
        killed_at = time.monotonic()
        said, complained = self.finish(process, f"a run whose rank was killed after {seconds:.1f} s")
        waited_s = time.monotonic() - killed_at
        if kills_root or not said.strip():
            said, complained = self.finish(self.start(ranks, "nccl", out, ()), "the next start")
        return told(said, complained, f"a run killed after {seconds:.1f} s"), waited_s


def fail(what, complained=""):
    sys.exit(f"{what}\n{complained[-4000:]}")


def told(said, complained, what):
    try:
        return json.loads(said)
    except ValueError:
        fail(f"{what} told no result: {said[-500:]}", complained)


def ranks_below(launcher):
    """pid and rank of the ranks that a launcher has started."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()[1])
            variables = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
        except (OSError, ValueError):
            continue
        rank = [value for name, _, value in (one.partition("=") for one in variables) if name == "OMPI_COMM_WORLD_RANK"]
        if rank and parent == launcher:
            found.append((int(entry.name), int(rank[0])))
    return found


def counter(result, name):
    # A result that was there already has none.
    return result.get("run", {}).get("counters", {}).get(name, 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--muster", required=True)
    parser.add_argument("--ranks", default="1,2,3")
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one-card", action="store_true")
    arguments = parser.parse_args()
    counts = [int(word) for word in arguments.ranks.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(arguments, pathlib.Path(folder))
        alone, _ = trial.whole(1, "host")
        digest, alone_s = alone["result_digest"], alone["run"]["seconds"]
        print(f"1 rank             {digest[:12]}  {alone_s:7.2f} s", flush=True)
        faults = 0
        longest = 0.0
        for ranks in counts:
            for sums in ("nccl", "host") if ranks > 1 else ():
                result, log = trial.whole(ranks, sums)
                same = result["result_digest"] == digest
                together = counter(result, "stages_together")
                longest = max(longest, result["run"]["seconds"])
                print(f"{ranks} ranks, by {sums:<7}{result['result_digest'][:12]}  {result['run']['seconds']:7.2f} s  {together} stages together, "
                      f"{counter(result, 'meetings')} meetings{'' if same else '  DIFFERS'}", flush=True)
                if sums == "nccl" and together == 0:
                    print(log.read_text(encoding="utf-8", errors="replace")[-3000:] if log.exists() else "no log")
                faults += not same or (sums == "nccl") != (together > 0)
        dice = random.Random(arguments.seed)
        for kill in range(arguments.kills):
            kills_root = kill % 2 == 1
            at_s = dice.uniform(2, 2 + longest)
            outcome = trial.killed(counts[-1], at_s, kills_root)
            if outcome is None:
                print(f"over before {at_s:.1f} s", flush=True)
                continue
            result, waited_s = outcome
            same = result["result_digest"] == digest
            print(f"rank {'0' if kills_root else '1+'} killed after {at_s:.1f} s: {'same bits' if same else 'DIFFERS'}, {waited_s:.1f} s to its end, "
                  f"{counter(result, 'meetings')} meetings", flush=True)
            faults += not same
        print("all have one digest" if faults == 0 else f"{faults} FAULTS")
        return faults > 0


if __name__ == "__main__":
    sys.exit(main())
