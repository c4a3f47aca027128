#!/usr/bin/env python3
"""Kills and stops ranks of real runs and compares the digests.

chaos.py --muster BINARY --job FILE [--runs 1000] [--seed 1] [--victims workers|any|root] [--hosts 2 [--pml ob1|ucx]] [--keep-going]
chaos.py --ulfm BINARY --openmpi5 FOLDER --job FILE ...

Every run is a small job under the supervisor (`muster run --launcher mpirun`), with 2 to 5 ranks; its
seed says how many ranks are killed (SIGKILL) or stopped (SIGSTOP, for good or for a while) and when.
With --calm SECONDS nothing befalls a run, of --ranks N: after so long it is told to stop, and a rank that was suspected is
a fault. With --hosts 2 the ranks are shared by two machines made of namespaces, as root, and their messages go over TCP.
On a fast machine a run may be over before anything befalls it; --settled --lasts 10 see to it.
Each has to end by itself with the digest of an undisturbed run, leaving no process and no file behind
but its result. Prints a line for a run that does not, and a table last; exit code 1 if there was one.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from hosts import Hosts

TILE_PATHS = 4096
SETTINGS = ["--set", f"simulation.tile_paths={TILE_PATHS}", "--threads", "1", "--device", "cpu", "--commit-interval", "0.1"]
RUN_LIMIT_S = 180
ORPHAN_LIMIT_S = 100  # for ranks of other hosts: one that is stopped there is killed by mpirun after a minute
MOST_TILES = 1 << 62
STOPPED = 75
LOOK_PACE_S = 0.2  # each look is a process
# More than is computed before a calm run is told to stop.
ENDLESS_PATHS = 1 << 36
ALARMS = ["given up", "is lost", "overdue", "starting the ranks again"]


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


def ranks_among(pids):
    """rank -> pid of those processes that are ranks."""
    return {int(entry.split("=")[1]): pid for pid in pids for entry in entries(pid) if entry.startswith("OMPI_COMM_WORLD_RANK=")}


class Here:
    """This machine alone."""

    def __init__(self, arguments):
        self.muster = arguments.muster
        self.job = arguments.job
        self.folder = tempfile.TemporaryDirectory(prefix="muster-chaos-")
        self.path = pathlib.Path(self.folder.name)

    def start(self, words, _ranks):
        return [self.muster, *words], environment()

    def ranks(self, process):
        return ranks_of(process.pid)

    def kill(self, process):
        """In good order where it can be, after which no file is left."""
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
        for pid, _ in list(processes_of(process.pid)):
            send(pid, signal.SIGKILL)
        for folder in self.sessions(process):
            shutil.rmtree(folder, ignore_errors=True)

    def left(self, process):
        return self.ranks(process)

    def sessions(self, process):
        """Folders of mpirun's files."""
        return [str(folder) for folder in pathlib.Path(os.environ.get("TMPDIR") or "/tmp").glob(f"muster-mpi-{process.pid}.*")]


class WithUlfm(Here):
    """This machine, with Open MPI 5."""

    def __init__(self, arguments):
        super().__init__(arguments)
        self.muster = arguments.ulfm
        self.folder_of_mpi = pathlib.Path(arguments.openmpi5).resolve()

    def start(self, words, ranks):
        line, told = super().start(words, ranks)
        return line, {**told, "PATH": f"{self.folder_of_mpi / 'bin'}:{told['PATH']}"}


class There:
    """Two machines made of namespaces."""

    def __init__(self, arguments):
        self.hosts = Hosts(arguments.hosts)
        self.pml = arguments.pml
        self.path = self.hosts.folder
        self.muster = shutil.copy2(arguments.muster, self.path / "muster")  # the hosts have each a /tmp of their own
        self.job = shutil.copy2(arguments.job, self.path / "job.toml")

    def start(self, words, ranks):
        return [*self.hosts.on("host1"), self.muster, *words], {**environment(), "MUSTER_MPI_OPTIONS": self.hosts.mpi_options(ranks, self.pml)}

    def ranks(self, _process):
        return ranks_among(self.hosts.pids())

    def kill(self, _process):
        """All that runs on the hosts, twice: a supervisor may just have started something."""
        for _ in range(2):
            for pid in self.hosts.pids():
                send(pid, signal.SIGKILL)

    def left(self, _process):
        """Ranks; launchers of other hosts may take a minute, and are ended here."""
        deadline = time.monotonic() + ORPHAN_LIMIT_S
        while ranks_among(self.hosts.pids()) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = ranks_among(self.hosts.pids())
        for pid in self.hosts.pids():
            send(pid, signal.SIGKILL)
        return left

    def sessions(self, _process):
        """Folders of mpirun's files on the supervisor's machine; those of daemons that were ended here are not theirs to remove."""
        inside = lambda host, *words: subprocess.run([*self.hosts.on(host), *words], capture_output=True, text=True, check=True).stdout.split()
        left = [entry for entry in inside("host1", "ls", "/tmp") if "mpi" in entry]
        for host in self.hosts.names:
            inside(host, "find", "/tmp", "-mindepth", "1", "-delete")
        return left


def place_of(arguments):
    if arguments.hosts > 1:
        return There(arguments)
    return WithUlfm(arguments) if arguments.ulfm else Here(arguments)


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
        self.thread = threading.Thread(target=self.listen, args=(stream,), daemon=True)
        self.thread.start()

    def listen(self, stream):
        for line in stream:
            self.lines.append((time.monotonic(), line))

    def text(self):
        self.thread.join()
        return "".join(line for _, line in self.lines)


class LogReader:
    """The lines of a run's log, each with the time when it was there."""

    def __init__(self, path):
        self.path = path
        self.lines = []
        self.is_over = False
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while not self.path.exists() and not self.is_over:
            time.sleep(0.01)
        if self.is_over:
            return
        with self.path.open(errors="replace") as log:
            while not self.is_over:
                line = log.readline()
                if line:
                    self.lines.append((time.monotonic(), line))
                else:
                    time.sleep(0.005)

    def end(self):
        self.is_over = True
        self.thread.join()
        return self.lines


class Plan:
    """What is to befall one run."""

    def __init__(self, seed, arguments):
        draw = random.Random(seed)
        self.seed = seed
        self.ranks = arguments.ranks or draw.randint(2, 5)
        self.events = []
        at = draw.uniform(0.0, 1.5)
        for _ in range(draw.randint(1, self.ranks)):
            kind = draw.choice(["kill", "kill", "kill", "stop", "pause"])
            self.events.append((at, kind, draw.random(), draw.uniform(0.05, 1.0)))
            at += draw.expovariate(2.0)
        self.victims = {"any": range(self.ranks), "workers": range(1, self.ranks), "root": range(1)}[arguments.victims]
        if arguments.calm:
            self.events = []


class Recovery:
    """How long after the loss of rank 0 the next tile is committed, by the run's files."""

    def __init__(self, muster, out, pace_s=0.02):
        self.muster = muster
        self.out = out
        self.pace_s = pace_s
        self.lost_at = None
        self.took_s = []
        self.is_over = False
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def committed(self):
        return self.committed_in(self.muster, self.out)

    @staticmethod
    def committed_in(muster, out):
        ran = subprocess.run([muster, "status", out, "--json"], capture_output=True, text=True, check=False)
        told = json.loads(ran.stdout) if ran.returncode == 0 else {}
        return told.get("tiles_committed", MOST_TILES if told.get("state") == "done" else 0)

    def watch(self):
        while not self.is_over:
            lost_at, self.lost_at = self.lost_at, None
            if lost_at is None:
                time.sleep(0.01)
                continue
            before = self.committed()
            while not self.is_over and self.lost_at is None and self.committed() <= before:
                time.sleep(self.pace_s)
            # A second loss meanwhile begins a new count; a run that was done already has nothing to come.
            if self.lost_at is None and before < MOST_TILES:
                self.took_s.append(time.monotonic() - lost_at)

    def end(self):
        self.is_over = True
        self.thread.join()
        return self.took_s


class Chaos:
    def __init__(self, arguments):
        self.place = place_of(arguments)
        self.muster = self.place.muster
        self.job = self.job_of(arguments.paths)
        self.counts = collections.Counter()
        self.delays_s = []  # from a worker's end to rank 0's word that its leases go to others
        self.silences_s = []  # the same of one that nobody saw die, to the word that others get its leases as well
        self.recoveries_s = []  # from rank 0's end to the next committed tile
        self.calm_s = arguments.calm
        self.is_calm = arguments.calm > 0
        self.is_settled = arguments.settled
        self.limit_s = RUN_LIMIT_S + arguments.calm
        if self.is_calm:
            self.job += ["--set", f"simulation.paths={ENDLESS_PATHS}"]
        if arguments.lasts:
            begun = time.monotonic()
            self.undisturbed()
            self.job = self.job_of(TILE_PATHS * round(arguments.paths / TILE_PATHS * arguments.lasts / (time.monotonic() - begun)))
        self.digest = None if self.is_calm else self.undisturbed()

    def job_of(self, paths):
        return ["run", self.place.job, "--set", f"simulation.paths={paths}", *SETTINGS, "--quiet"]

    def undisturbed(self):
        done = subprocess.run([self.muster, *self.job, "--out", self.place.path / "whole.h5", "--fresh", "--json"], env=environment(),
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["result_digest"]

    def befall(self, plan, process, recovery):
        """Until the run is over or everything has happened."""
        paused = []
        while self.is_settled and process.poll() is None and recovery.committed() == 0:
            time.sleep(0.02)
        start = time.monotonic()
        for at, kind, which, length in plan.events:
            while time.monotonic() - start < at:
                if process.poll() is not None:
                    return
                self.wake(paused)
                time.sleep(0.01)
            ranks = sorted((rank, pid) for rank, pid in self.place.ranks(process).items() if rank in plan.victims)
            if not ranks:
                continue
            rank, pid = ranks[int(which * len(ranks))]
            if send(pid, signal.SIGKILL if kind == "kill" else signal.SIGSTOP):
                self.counts[f"{kind} of {'rank 0' if rank == 0 else 'a worker'}"] += 1
                self.was_befallen = True
                if kind == "kill" and rank != 0:
                    self.killed_at[rank] = time.monotonic()
                if kind != "pause" and rank == 0:
                    recovery.lost_at = time.monotonic()
                if kind == "pause":
                    paused.append((time.monotonic() + length, pid))
        while paused and process.poll() is None:
            self.wake(paused)
            time.sleep(0.01)

    def stop_after_calm(self, process, out):
        try:
            process.wait(timeout=self.calm_s)
        except subprocess.TimeoutExpired:
            self.counts["tiles in calm"] = Recovery.committed_in(self.muster, out)
            subprocess.run([self.muster, "stop", out], env=environment(), capture_output=True, check=True)

    @staticmethod
    def wake(paused):
        for one in [one for one in paused if one[0] <= time.monotonic()]:
            send(one[1], signal.SIGCONT)
            paused.remove(one)

    def run(self, plan):
        """Why this run is not as it should be, or ""."""
        out = self.place.path / f"{plan.seed}.h5"
        line, told_it = self.place.start([*self.job, "--out", out, "--json", "--launcher", "mpirun", "--ranks", str(plan.ranks)],
                                         plan.ranks)
        process = subprocess.Popen(line, env=told_it, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.killed_at = {}
        self.was_befallen = False
        listener = Listener(process.stderr)
        recovery = Recovery(self.muster, out, LOOK_PACE_S)
        log = LogReader(out.with_name(out.name + ".log"))
        told = ""
        try:
            self.befall(plan, process, recovery)
            if self.is_calm:
                self.stop_after_calm(process, out)
            told = process.stdout.read() if process.wait(timeout=self.limit_s) is not None else ""
        except subprocess.TimeoutExpired:
            self.place.kill(process)
            self.place.left(process)
            return f"not over after {self.limit_s} s: {listener.text()[-2000:]}"
        finally:
            self.recoveries_s += recovery.end()
            logged = log.end()
            self.note_delays(logged)
        self.counts["runs that something befell"] += self.was_befallen
        said = listener.text() + "".join(line for _, line in logged if self.is_calm)
        self.counts["starts"] += 1 + said.count("starting the ranks again")
        self.counts["ranks lost, runs went on"] += said.count("is lost")
        self.counts["silences acted on"] += said.count("said nothing")
        return self.fault_of(process, out, told, said)

    def note_delays(self, lines):
        for rank, killed_at in self.killed_at.items():
            for at, line in lines:
                if at <= killed_at or f"rank {rank} " not in line:
                    continue
                if "is lost: it was killed by signal 9" in line:
                    self.delays_s.append(at - killed_at)
                    break
                if "has said nothing for" in line:
                    self.silences_s.append(at - killed_at)
                    break

    def fault_of(self, process, out, told, said):
        left, sessions = self.place.left(process), self.place.sessions(process)
        if self.is_calm and any(word in said for word in ALARMS):
            return f"a false alarm: {said[-2000:]}"
        if process.returncode != (STOPPED if self.is_calm else 0):
            return f"exit code {process.returncode}: {said[-2000:]}{told[-1000:]}"
        if self.is_calm:
            return f"processes left: {left}" if left else ""
        if sessions:
            return f"left behind: {sessions}"
        # Of a run that was killed between its result and its last words there is the file.
        try:
            digest = json.loads(told)["result_digest"] if told else self.digest_in(out)
        except json.JSONDecodeError as error:
            return f"no whole answer ({error}): {told[-500:]}"
        if digest != self.digest:
            return f"digest {digest}"
        if left:
            return f"processes left: {left}: {said[-2000:]}"
        files = sorted(path.name for path in out.parent.glob(out.name + "*"))
        if [name for name in files if not name.endswith((".h5", ".lock", ".log"))]:
            return f"files left: {files}"
        for path in out.parent.glob(out.name + "*"):
            path.unlink()
        return ""

    def tell(self):
        for what, count in sorted(self.counts.items()):
            print(f"{what:<28}{count}")
        for what, values_s in (("a kill was known after", self.delays_s), ("a silence was acted on after", self.silences_s),
                               ("rank 0 was replaced after", self.recoveries_s)):
            if values_s:
                print(f"{what:<28}{spread(values_s)}")

    def digest_in(self, out):
        told = subprocess.run([self.muster, "status", out, "--json"], capture_output=True, text=True, check=True).stdout
        return json.loads(told)["result_digest"]


def spread(values_s):
    values = sorted(1000 * value for value in values_s)
    return f"{values[len(values) // 2]:.0f} ms (median), {values[-1]:.0f} ms (most) of {len(values)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--muster", help="the program; or --ulfm")
    parser.add_argument("--job", required=True)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ranks", type=int, default=0, help="of every run (default: 2 to 5)")
    parser.add_argument("--calm", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--settled", action="store_true", help="nothing happens before the first tiles are committed")
    parser.add_argument("--paths", type=int, default=524288)
    parser.add_argument("--lasts", type=float, metavar="SECONDS",
                        help="as many paths as one thread of this machine computes in so long, instead")
    parser.add_argument("--victims", choices=["workers", "any", "root"], default="any")
    parser.add_argument("--hosts", type=int, choices=[1, 2], default=1)
    parser.add_argument("--pml", choices=["ob1", "ucx"], default="ob1")
    parser.add_argument("--ulfm", help="muster built with Open MPI 5, in whose runs the others go on without rank 0")
    parser.add_argument("--openmpi5", help="its folder")
    parser.add_argument("--verbose", action="store_true", help="a line for every run")
    parser.add_argument("--keep-going", action="store_true")
    arguments = parser.parse_args()
    if not arguments.muster and not (arguments.ulfm and arguments.openmpi5):
        parser.error("give --muster BINARY, or --ulfm BINARY with --openmpi5 FOLDER")
    chaos = Chaos(arguments)
    faults = runs = 0
    start = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for seed in range(arguments.seed, arguments.seed + arguments.runs):
            begun = time.monotonic()
            fault = chaos.run(Plan(seed, arguments))
            runs += 1
            if arguments.verbose:
                print(f"seed {seed}: {time.monotonic() - begun:.1f} s", flush=True)
            if fault:
                faults += 1
                print(f"seed {seed}: {fault}", flush=True)
                if not arguments.keep_going:
                    break
    finally:
        chaos.tell()
        print(f"{'runs':<28}{runs} in {time.monotonic() - start:.0f} s, {faults} at fault", flush=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
