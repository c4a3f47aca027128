#!/usr/bin/env python3
"""Kills and stops ranks of real runs and compares the digests.

chaos.py --muster BINARY --job FILE [--runs 1000] [--seed 1] [--victims workers|any] [--keep-going]

Every run is a small job under the supervisor (`muster run --launcher mpirun`), with 2 to 5 ranks; its
seed says how many ranks are killed (SIGKILL) or stopped (SIGSTOP, for good or for a while) and when.
Each has to end by itself with the digest of an undisturbed run, leaving no process and no file behind
but its result. Prints a line for a run that does not, and a table last; exit code 1 if there was one.
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
import threading
import time

SETTINGS = ["--set", "simulation.tile_paths=4096", "--threads", "1", "--device", "cpu", "--commit-interval", "0.1"]
RUN_LIMIT_S = 180


def environment():
    return {key: value for key, value in os.environ.items() if not key.startswith(("OMPI_", "PMIX_", "SLURM_"))}


def entries(pid):
    """The environment of a process as a set of NAME=VALUE; empty when it is gone or another user's."""
    try:
        return set(pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0"))
    except OSError:
        return set()


def processes_of(supervisor):
    """pid and environment of all that a supervisor has started and that lives, launchers too."""
    for folder in pathlib.Path("/proc").iterdir():
        of_process = entries(folder.name) if folder.name.isdigit() else set()
        if any(entry.startswith(f"MUSTER_SUPERVISOR={supervisor}.") for entry in of_process):
            yield int(folder.name), of_process


def ranks_of(supervisor):
    """rank -> pid of the ranks that a supervisor has started and that live."""
    found = {}
    for pid, of_process in processes_of(supervisor):
        found.update({int(entry.split("=")[1]): pid for entry in of_process if entry.startswith("OMPI_COMM_WORLD_RANK=")})
    return found


def send(pid, number):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


class Listener:
    """What a process says on stderr, each line with its time."""

    def __init__(self, stream):
        self.lines = []
        self.thread = threading.Thread(target=self.listen, args=(stream,))
        self.thread.start()

    def listen(self, stream):
        for line in stream:
            self.lines.append((time.monotonic(), line))

    def text(self):
        self.thread.join()
        return "".join(line for _, line in self.lines)


class Plan:
    """What is to befall one run."""

    def __init__(self, seed, victims):
        draw = random.Random(seed)
        self.seed = seed
        self.ranks = draw.randint(2, 5)
        self.events = []
        at = draw.uniform(0.0, 1.5)
        for _ in range(draw.randint(1, self.ranks)):
            kind = draw.choice(["kill", "kill", "kill", "stop", "pause"])
            self.events.append((at, kind, draw.random(), draw.uniform(0.05, 1.0)))
            at += draw.expovariate(2.0)
        self.first_victim = 0 if victims == "any" else 1


class Chaos:
    def __init__(self, arguments):
        self.muster = arguments.muster
        self.job = ["run", arguments.job, "--set", f"simulation.paths={arguments.paths}", *SETTINGS, "--quiet"]
        self.victims = arguments.victims
        self.counts = collections.Counter()
        self.delays_s = []  # from a worker's end to rank 0's word that its leases go to others
        self.folder = tempfile.TemporaryDirectory(prefix="muster-chaos-")
        self.digest = self.undisturbed()

    def undisturbed(self):
        done = subprocess.run([self.muster, *self.job, "--out", f"{self.folder.name}/whole.h5", "--json"], env=environment(),
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["result_digest"]

    def befall(self, plan, process):
        """Until the run is over or everything has happened."""
        paused = []
        start = time.monotonic()
        for at, kind, which, length in plan.events:
            while time.monotonic() - start < at:
                if process.poll() is not None:
                    return
                self.wake(paused)
                time.sleep(0.01)
            ranks = sorted((rank, pid) for rank, pid in ranks_of(process.pid).items() if rank >= plan.first_victim)
            if not ranks:
                continue
            rank, pid = ranks[int(which * len(ranks))]
            if send(pid, signal.SIGKILL if kind == "kill" else signal.SIGSTOP):
                self.counts[f"{kind} of {'rank 0' if rank == 0 else 'a worker'}"] += 1
                if kind == "kill" and rank != 0:
                    self.killed_at[rank] = time.monotonic()
                if kind == "pause":
                    paused.append((time.monotonic() + length, pid))
        while paused and process.poll() is None:
            self.wake(paused)
            time.sleep(0.01)

    @staticmethod
    def wake(paused):
        for one in [one for one in paused if one[0] <= time.monotonic()]:
            send(one[1], signal.SIGCONT)
            paused.remove(one)

    def run(self, plan):
        """Why this run is not as it should be, or ""."""
        out = pathlib.Path(self.folder.name) / f"{plan.seed}.h5"
        process = subprocess.Popen(
            [self.muster, *self.job, "--out", out, "--json", "--launcher", "mpirun", "--ranks", str(plan.ranks)],
            env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.killed_at = {}
        listener = Listener(process.stderr)
        told = ""
        try:
            self.befall(plan, process)
            told = process.stdout.read() if process.wait(timeout=RUN_LIMIT_S) is not None else ""
        except subprocess.TimeoutExpired:
            process.kill()
            for pid in ranks_of(process.pid).values():
                send(pid, signal.SIGKILL)
            return f"not over after {RUN_LIMIT_S} s: {listener.text()[-2000:]}"
        said = listener.text()
        for at, line in listener.lines:
            for rank, killed_at in self.killed_at.items():
                if f"rank {rank} " in line and "is lost: it was killed by signal 9" in line and at > killed_at:
                    self.delays_s.append(at - killed_at)
        self.counts["starts"] += 1 + said.count("starting the ranks again")
        self.counts["ranks lost, runs went on"] += said.count("is lost")
        return self.fault_of(process, out, told, said)

    def fault_of(self, process, out, told, said):
        if process.returncode != 0:
            return f"exit code {process.returncode}: {said[-2000:]}{told[-1000:]}"
        # Of a run that was killed between its result and its last words there is the file.
        digest = json.loads(told)["result_digest"] if told else self.digest_in(out)
        if digest != self.digest:
            return f"digest {digest}"
        if left := ranks_of(process.pid):
            return f"processes left: {left}"
        files = sorted(path.name for path in out.parent.glob(out.name + "*"))
        if [name for name in files if not name.endswith((".h5", ".lock", ".log"))]:
            return f"files left: {files}"
        for path in out.parent.glob(out.name + "*"):
            path.unlink()
        return ""

    def digest_in(self, out):
        told = subprocess.run([self.muster, "status", out, "--json"], capture_output=True, text=True, check=True).stdout
        return json.loads(told)["result_digest"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--muster", required=True)
    parser.add_argument("--job", required=True)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--paths", type=int, default=524288)
    parser.add_argument("--victims", choices=["workers", "any"], default="any")
    parser.add_argument("--keep-going", action="store_true")
    arguments = parser.parse_args()
    chaos = Chaos(arguments)
    faults = 0
    start = time.monotonic()
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        fault = chaos.run(Plan(seed, arguments.victims))
        if fault:
            faults += 1
            print(f"seed {seed}: {fault}", flush=True)
            if not arguments.keep_going:
                break
    for what, count in sorted(chaos.counts.items()):
        print(f"{what:<28}{count}")
    if delays := sorted(chaos.delays_s):
        print(f"{'a kill was known after':<28}{1000 * delays[len(delays) // 2]:.0f} ms (median), {1000 * delays[-1]:.0f} ms (most) "
              f"of {len(delays)}")
    print(f"{'runs':<28}{seed - arguments.seed + 1} in {time.monotonic() - start:.0f} s, {faults} at fault")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
