#!/usr/bin/env python3
"""What a worker that is stopped for a minute costs the others.

stopped.py --muster BINARY --job FILE [--seconds 60] [--ranks 4] [--hosts 2 [--pml ob1|ucx]]

A long run under the supervisor is watched for a while; then a worker is stopped (SIGSTOP) for as long, and goes on. Of both times it
prints how many tiles were committed, how much CPU time of the living ranks each took, and the longest time without a new one.
CPU time counts and not the tiles alone, for on few cores the others get those of the stopped one, and another load takes its share.
Exit code 1 when a tile costs the others over 5 % more, when they ever wait for over a second longer than before, or when the
worker does not work again.
"""
import argparse
import os
import signal
import subprocess
import sys
import time

from chaos import ENDLESS_PATHS, SETTINGS, Recovery, place_of

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SETTLED_TILES = 500
MOST_COST = 1.05
MOST_WAIT_S = 1.0


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


class Window:
    """So many seconds of a run."""

    def __init__(self, committed, pids, seconds):
        before, cpu_before = committed(), sum(map(cpu_s, pids))
        start = latest_at = time.monotonic()
        latest, self.longest_s = before, 0.0
        while time.monotonic() - start < seconds:
            now, at = committed(), time.monotonic()
            if now > latest:
                self.longest_s = max(self.longest_s, at - latest_at)
                latest, latest_at = now, at
            time.sleep(0.1)
        self.longest_s = max(self.longest_s, time.monotonic() - latest_at)
        self.seconds = time.monotonic() - start
        self.tiles = latest - before
        self.cpu_ms = 1000 * (sum(map(cpu_s, pids)) - cpu_before) / max(1, self.tiles)

    def tell(self, what):
        print(f"{what:<24}{self.tiles:>8} tiles in {self.seconds:.0f} s{self.cpu_ms:>9.3f} ms of CPU time each"
              f"{self.longest_s:>7.2f} s at most without a new one", flush=True)


def wait_until(condition, limit_s):
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("the run does not come on")
        time.sleep(0.1)


def measure(place, process, out, arguments):
    """Undisturbed, with a stopped worker, and whether that works again."""
    committed = lambda: Recovery.committed_in(place.muster, out)
    wait_until(lambda: committed() > SETTLED_TILES, 60)
    ranks = place.ranks(process)
    victim = ranks[arguments.ranks - 1]
    undisturbed = Window(committed, list(ranks.values()), arguments.seconds)
    undisturbed.tell("undisturbed")
    os.kill(victim, signal.SIGSTOP)
    stopped = Window(committed, [pid for pid in ranks.values() if pid != victim], arguments.seconds)
    stopped.tell("one worker stopped")
    os.kill(victim, signal.SIGCONT)
    before = cpu_s(victim)
    time.sleep(5)
    return undisturbed, stopped, cpu_s(victim) - before


def judge(undisturbed, stopped, works_s):
    cost, wait_s = stopped.cpu_ms / undisturbed.cpu_ms, stopped.longest_s - undisturbed.longest_s
    print(f"{'a tile costs the others':<24}{100 * (cost - 1):+.1f} %")
    print(f"{'works again':<24}{works_s:.1f} s of CPU time in 5 s")
    return cost <= MOST_COST and wait_s <= MOST_WAIT_S and works_s > 0.1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--muster", required=True)
    parser.add_argument("--job", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--hosts", type=int, choices=[1, 2], default=1)
    parser.add_argument("--pml", choices=["ob1", "ucx"], default="ob1")
    parser.set_defaults(ulfm=None)
    arguments = parser.parse_args()
    place = place_of(arguments)
    out = place.path / "stopped.h5"
    words = ["run", place.job, "--set", f"simulation.paths={ENDLESS_PATHS}", *SETTINGS, "--quiet", "--out", out,
             "--launcher", "mpirun", "--ranks", str(arguments.ranks)]
    line, told = place.start(words, arguments.ranks)
    process = subprocess.Popen(line, env=told, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        is_good = judge(*measure(place, process, out, arguments))
    finally:
        place.kill(process)
        process.wait()
        place.left(process)
        place.sessions(process)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
