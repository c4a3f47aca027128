#!/usr/bin/env python3
"""A run on one machine without a launcher opens no socket at all."""
import os
import pathlib
import unittest

from muster import JOB, MusterTest


class Sockets(MusterTest):
    def test_a_running_process_has_none(self):
        process = self.start("run", JOB, "--set", "simulation.paths=16777216", "--set", "simulation.tile_paths=4096", "--quiet",
                             "--device", "cpu", "--ranks", "2", "--out", "a.h5", "--commit-interval", "0.05")
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        opened = {}
        for link in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
            try:
                opened[link.name] = os.readlink(link)
            except FileNotFoundError:
                pass  # closed meanwhile
        self.assertGreater(len(opened), 3, "its files are seen")
        self.assertTrue(any("a.h5.tiles" in name for name in opened.values()), opened)
        self.assertFalse([name for name in opened.values() if name.startswith("socket:")], opened)


if __name__ == "__main__":
    unittest.main()
