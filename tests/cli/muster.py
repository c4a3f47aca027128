"""Runs the muster binary for the tests: what it is given, what it says."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

BINARY = os.environ["MUSTER_BINARY"]
SOURCE = pathlib.Path(os.environ["MUSTER_SOURCE"])
JOB = str(SOURCE / "examples" / "price_european.toml")
# Small, but several tiles and leases: 64 tiles.
SMALL = ["--set", "simulation.paths=65536", "--set", "simulation.tile_paths=1024"]
TIMEOUT_S = 120


class Ran:
    """A finished command."""

    def __init__(self, finished):
        self.code = finished.returncode
        self.out = finished.stdout
        self.err = finished.stderr

    def json(self):
        """The one JSON value on stdout; whatever else stands there makes this fail."""
        return json.loads(self.out)


class MusterTest(unittest.TestCase):
    """Each test has a directory of its own to run in."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def environment(self, extra):
        # A launcher around the whole test run must not make every command a rank.
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("OMPI_", "PMIX_", "SLURM_", "MUSTER_"))}
        # Nor must what a test times be remembered for the user.
        return {**plain, "XDG_CACHE_HOME": str(self.folder / "cache"), **extra}

    def muster(self, *arguments, env=None, before=(), stdout=subprocess.PIPE):
        return Ran(subprocess.run([*before, BINARY, *map(str, arguments)], cwd=self.folder, env=self.environment(env or {}),
                                  stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
                                  timeout=TIMEOUT_S, check=False))

    def succeed(self, *arguments, **options):
        ran = self.muster(*arguments, **options)
        self.assertEqual(ran.code, 0, ran.err)
        return ran

    def refuse(self, code, parts, *arguments, **options):
        """The command fails with `code` and a message that has all of `parts`, in both forms."""
        ran = self.muster(*arguments, **options)
        self.assertEqual(ran.code, code, ran.out + ran.err)
        self.assertEqual(ran.out, "")
        self.assertTrue(ran.err.startswith("muster: "), ran.err)
        told = self.muster(*arguments, "--json", **options)
        self.assertEqual(told.code, code, told.err)
        self.assertEqual(told.err, "")
        error = told.json()["error"]
        self.assertEqual(error["code"], code)
        for part in parts:
            self.assertIn(part, ran.err)
            self.assertIn(part, error["message"])

    def run_small(self, out, *arguments, **options):
        """Runs the small job and returns its JSON."""
        return self.succeed("run", JOB, *SMALL, "--out", out, "--quiet", "--json", *arguments, **options).json()

    def start(self, *arguments, before=(), env=None):
        process = subprocess.Popen([*before, BINARY, *map(str, arguments)], cwd=self.folder, env=self.environment(env or {}),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)  # a launcher has to end its ranks
        process.communicate()

    def committed(self, out):
        """Tiles in the saved state of a run that goes on."""
        ran = self.muster("status", out, "--json")
        return ran.json().get("tiles_committed", 0) if ran.code == 0 else 0

    def wait_for(self, what, condition):
        """Waits on a condition, not for a time."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited {TIMEOUT_S} s for {what}")
            time.sleep(0.01)
