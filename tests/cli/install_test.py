#!/usr/bin/env python3
"""`cmake --install` gives a tree that runs from anywhere: installed, moved away, run with an empty environment."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TIMEOUT_S = 120
SMALL = ["--set", "simulation.paths=65536", "--set", "simulation.tile_paths=1024", "--device", "cpu", "--quiet"]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        first = cls.folder / "first"
        subprocess.run([os.environ["MUSTER_CMAKE"], "--install", os.environ["MUSTER_BUILD"], "--prefix", str(first)],
                       check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_S)
        cls.tree = cls.folder / "a folder" / "elsewhere"
        cls.tree.parent.mkdir()
        shutil.move(first, cls.tree)

    def run_it(self, *arguments):
        ran = subprocess.run([*map(str, arguments)], cwd=self.tree / "share" / "muster", stdin=subprocess.DEVNULL,
                             env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder)},
                             capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def digest(self, text):
        return [line for line in text.splitlines() if line.startswith("digest")]

    def test_runs_the_examples_it_brings(self):
        binary = self.tree / "bin" / "muster"
        self.assertIn("arithmetic", self.run_it(binary, "--version"))
        alone = self.run_it(binary, "run", "examples/price_european.toml", *SMALL, "--out", self.folder / "a.h5")
        ranks = self.run_it("scripts/mpi-run", 2, binary, "run", "examples/price_european.toml", *SMALL, "--out",
                            self.folder / "b.h5")
        self.assertEqual(len(self.digest(alone)), 1)
        self.assertEqual(self.digest(ranks), self.digest(alone))
        self.run_it(binary, "import", "examples/data/spx_like_chain.csv", "--out", self.folder / "chain.h5")

    def test_brings_its_documents(self):
        for name in ("README.md", "LICENSE", "CHANGELOG.md", "docs/design.md", "docs/jobs/price.md", "slurm/muster.sbatch"):
            self.assertTrue((self.tree / "share" / "muster" / name).is_file(), name)


if __name__ == "__main__":
    unittest.main()
