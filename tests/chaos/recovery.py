#!/usr/bin/env python3
"""How long after the loss of rank 0 the next tile is committed, beside the bars for it.

recovery.py --muster BINARY --job FILE [--runs 10] [--ranks 4] [--ulfm BINARY --openmpi5 FOLDER] [--only one,two,ulfm]

Each run is under the supervisor; once tiles are committed rank 0 is killed (SIGKILL) in one run and stopped for good (SIGSTOP) in
the next, and the run ended when more tiles are committed. Ranks on one host; on two made of namespaces, as root, over TCP; and
with a muster built with Open MPI 5 (scripts/get-openmpi5), where the others go on. Digests are chaos.py's affair.
Exit code 1 when a run misses its bar or does not go on.
"""
import argparse
import os
import signal
import statistics
import subprocess
import sys
import time

from chaos import SETTINGS, Here, Recovery, There, WithUlfm, send

BARS_S = {"one": 5, "two": 15, "ulfm": 2}
NAMES = {"one": "one host", "two": "two hosts", "ulfm": "one host, ULFM"}
GIVE_UP_S = 90
# More than is computed before a run is ended.
LONG = ["--set", "simulation.paths=4294967296", *SETTINGS, "--quiet"]


def place_of(name, arguments):
    kind = {"one": Here, "two": There, "ulfm": WithUlfm}[name]
    return kind(argparse.Namespace(**vars(arguments), hosts=2))


def wait_for(condition, limit_s=GIVE_UP_S):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.01)
    return None


def end(place, process):
    """Nothing of a run is left, however it stands."""
    place.kill(process)
    process.wait()
    place.left(process)
    place.sessions(process)


def measure(place, arguments, number, how):
    """Seconds from the loss to the next committed tile; nothing where there was none."""
    out = place.path / f"{number}.h5"
    line, told = place.start(["run", place.job, *LONG, "--out", out, "--launcher", "mpirun", "--ranks", str(arguments.ranks)], arguments.ranks)
    process = subprocess.Popen(line, env=told, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    recovery = Recovery(place.muster, out)
    try:
        root = wait_for(lambda: recovery.committed() > 0 and place.ranks(process).get(0))
        if not root:
            return None
        send(root, how)
        recovery.lost_at = time.monotonic()
        took_s = wait_for(lambda: recovery.took_s)
        return took_s[0] if took_s else None
    finally:
        recovery.end()
        end(place, process)


def report(name, took_s):
    missed = took_s.count(None) + sum(one is not None and one > BARS_S[name] for one in took_s)
    words = [f"{NAMES[name]:<16}"]
    for how, of_it in (("killed", took_s[0::2]), ("stopped", took_s[1::2])):
        known = [one for one in of_it if one is not None] or [float("nan")]
        words.append(f"{how} {statistics.median(known):.2f} s (median), {max(known):.2f} s (most) of {len(of_it)};")
    print(*words, f"bar {BARS_S[name]} s, {missed} missed, load {os.getloadavg()[0]:.1f}", flush=True)
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--muster", required=True)
    parser.add_argument("--job", required=True)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--pml", choices=["ob1", "ucx"], default="ob1")
    parser.add_argument("--ulfm", help="muster built with Open MPI 5")
    parser.add_argument("--openmpi5", help="its folder")
    parser.add_argument("--only", default="one,two,ulfm")
    arguments = parser.parse_args()
    missed = 0
    for name in arguments.only.split(","):
        if name == "ulfm" and not (arguments.ulfm and arguments.openmpi5):
            continue
        place = place_of(name, arguments)
        missed += report(name, [measure(place, arguments, number, [signal.SIGKILL, signal.SIGSTOP][number % 2]) for number in range(arguments.runs)])
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
