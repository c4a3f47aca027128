"""A Slurm of two nodes for the tests, and jobs on it."""
import atexit
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(os.environ["MUSTER_SOURCE"])
BINARY = pathlib.Path(os.environ["MUSTER_BINARY"])
TOOL = SOURCE / "slurm" / "testcluster"
NOT_APPLICABLE = 77
TIMEOUT_S = 120
TILE_PATHS = 16384
SHORT_PATHS = 4194304
STEADY = {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED", "SUSPENDED", "PREEMPTED", "STOPPED"}


def plain_environment(**extra):
    # A launcher around the whole test run must not make every command a rank.
    return {**{key: value for key, value in os.environ.items() if not key.startswith(("OMPI_", "PMIX_", "SLURM_", "SBATCH_"))}, **extra}


class Cluster:
    def __init__(self):
        # Outside /tmp, which the nodes do not share.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="muster-slurm-", dir="/var/tmp"))
        self.root.rmdir()

    def tool(self, *arguments, check=True, **extra):
        ran = subprocess.run([TOOL, *map(str, arguments)], env=plain_environment(MUSTER_TESTCLUSTER=str(self.root), **extra),
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        if check and ran.returncode != 0:
            raise AssertionError(f"testcluster {arguments}: {ran.stdout}{ran.stderr}")
        return ran

    def up(self):
        ran = self.tool("up", check=False)
        if ran.returncode == NOT_APPLICABLE:
            print(ran.stderr, file=sys.stderr)
            sys.exit(NOT_APPLICABLE)
        if ran.returncode != 0:
            raise AssertionError(ran.stdout + ran.stderr)

    def down(self):
        self.tool("down")

    @property
    def share(self):
        return self.root / "share"


class SlurmTest(unittest.TestCase):
    """Each test has a folder on the nodes; its jobs are gone when it ends."""

    maxDiff = None
    cluster = None
    whole_digest = None
    lasts_s = None  # how long the job is to take on two threads of this machine, alone; else it is a short one
    options = []  # of submitted jobs
    job = None

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        atexit.register(cls.cluster.down)  # whatever ends the tests, Ctrl-C too
        cls.cluster.up()
        shutil.copy2(BINARY, cls.cluster.share / "muster")
        shutil.copy2(SOURCE / "slurm" / "muster.sbatch", cls.cluster.share)
        cls.folder = cls.cluster.share
        shutil.copy2(SOURCE / "examples" / "price_european.toml", cls.folder / "job.toml")
        cls.job = cls.job_of(SHORT_PATHS)
        if cls.lasts_s:
            seconds = cls.run_alone("short.h5", "--threads", "2")
            cls.job = cls.job_of(TILE_PATHS * int(SHORT_PATHS / TILE_PATHS * cls.lasts_s / seconds))
        cls.run_alone("whole.h5")
        cls.whole_digest = cls.status(cls.folder / "whole.h5")["result_digest"]

    @classmethod
    def job_of(cls, paths):
        # The nodes have GPUs for Slurm to give; CUDA finds none.
        return ["job.toml", "--set", f"simulation.paths={paths}", "--set", f"simulation.tile_paths={TILE_PATHS}", "--set", "mode=cpu",
                "--quiet", "--commit-interval", "0.2"]

    @classmethod
    def run_alone(cls, out, *options):
        """The job on this machine, undisturbed; returns its seconds."""
        begun = time.monotonic()
        subprocess.run([cls.cluster.share / "muster", "run", *cls.job, *options, "--out", out], cwd=cls.folder, check=True,
                       env=plain_environment(), capture_output=True, timeout=5 * TIMEOUT_S)
        return time.monotonic() - begun

    def setUp(self):
        name = self.id().rsplit(".", 1)[-1]
        self.folder = self.cluster.share / name
        self.folder.mkdir()
        shutil.copy2(self.cluster.share / "job.toml", self.folder)
        self.addCleanup(self.clear_queue)
        self.addCleanup(self.tell_log)

    def tell_log(self):
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors) or not self._outcome.success:
            print(f"--- the job's log\n{self.log()}", file=sys.stderr)

    def clear_queue(self):
        self.slurm("scancel", "--user=root")
        self.wait_for("an empty queue", lambda: not self.slurm("squeue", "-h").strip())

    def slurm(self, *command, check=True):
        """A command on the login node, in the test's folder."""
        ran = subprocess.run([TOOL, "run", *map(str, command)], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                             env=plain_environment(MUSTER_TESTCLUSTER=str(self.cluster.root), MUSTER=str(self.cluster.share / "muster")),
                             text=True, timeout=TIMEOUT_S, check=False)
        if check:
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout if check else ran

    @classmethod
    def status(cls, out):
        """What `muster status --json` says of a path; nothing while there is no such run."""
        ran = subprocess.run([cls.cluster.share / "muster", "status", out, "--json"], env=plain_environment(),
                             capture_output=True, text=True, check=False)
        return json.loads(ran.stdout) if ran.returncode == 0 else {}

    def digest(self, out="out.h5"):
        return self.status(self.folder / out).get("result_digest")

    def submit(self, *options, script="muster.sbatch", arguments=None):
        """Submits the batch script; returns the job's id."""
        told = self.slurm("sbatch", "--parsable", *options, self.cluster.share / script, *(arguments or [*self.job, *self.options, "--out", "out.h5"]))
        return told.strip().split(";")[0]

    def muster_submit(self, *arguments):
        """Submits with muster submit; returns the job's id."""
        settings = self.job[1:self.job.index("--quiet")]
        told = self.slurm(self.cluster.share / "muster", "submit", *arguments, *settings, "--commit-interval", "0.2", "--json")
        return json.loads(told)["job"]

    def show(self, job):
        """scontrol's fields of a job, or of an array's task ("12_1")."""
        text = self.slurm("scontrol", "--oneliner", "show", "job", job)
        return dict(word.split("=", 1) for word in text.split() if "=" in word)

    def slurmd_of(self, node):
        return int((self.cluster.root / "run" / f"{node}.pid").read_text())

    def processes_of(self, node, name):
        """Ids of a node's processes of that name: they have its network."""
        network = os.stat(f"/proc/{self.slurmd_of(node)}/ns/net").st_ino
        found = []
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                if (os.stat(f"/proc/{process}/ns/net").st_ino == network
                        and pathlib.Path(f"/proc/{process}/comm").read_text().strip() == name):
                    found.append(int(process))
            except OSError:
                pass  # gone meanwhile
        return found

    def rank_0_of(self, node):
        return next(pid for pid in self.processes_of(node, "muster")
                    if b"OMPI_COMM_WORLD_RANK=0" in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))

    def lose(self, node, how):
        """Crashes a node or cuts its cable, until the test ends."""
        self.cluster.tool(how, node)
        self.addCleanup(self.cluster.tool, "restore", node)

    def restarts(self, job):
        return int(self.show(job)["Restarts"])

    def state(self, job):
        return self.show(job)["JobState"]

    def committed(self, out="out.h5"):
        return self.status(self.folder / out).get("tiles_committed", 0)

    def wait_for(self, what, condition, timeout_s=TIMEOUT_S):
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited {timeout_s} s for {what}")
            time.sleep(0.1)

    def wait_for_commit(self, beyond=0, out="out.h5"):
        self.wait_for(f"more than {beyond} committed tiles", lambda: self.committed(out) > beyond or self.digest(out))
        self.assertIsNone(self.digest(out), "the run was over before anything could be done to it")
        return self.committed(out)

    def wait_for_end(self, job):
        self.wait_for(f"the end of job {job}", lambda: self.state(job) not in STEADY, 2 * TIMEOUT_S)

    def finish(self, job, out="out.h5"):
        """Waits for the job's end: completed, and the bits of an undisturbed run."""
        self.wait_for_end(job)
        self.assertEqual(self.state(job), "COMPLETED")
        self.assertEqual(self.digest(out), self.whole_digest)

    def log(self):
        return "".join(log.read_text(errors="replace") for log in sorted(self.folder.glob("*.log")))
