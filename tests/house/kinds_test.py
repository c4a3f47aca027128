#!/usr/bin/env python3
"""kinds.py finds each piece that a kind of job may lack."""
import pathlib
import tempfile
import unittest

import kinds

WHOLE = {
    "jobs/price/params.hpp": "",
    "jobs/registry.cpp": '{"price", resolve_price}',
    "examples/price_book.toml": "",
    "docs/jobs/price.md": "",
    "tests/jobs/price/parse_test.cpp": "",
}


class Kinds(unittest.TestCase):
    def faults(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in ("jobs", "examples", "docs/jobs", "tests/jobs"):
                (root / name).mkdir(parents=True)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return list(kinds.faults_in(root))

    def test_whole(self):
        self.assertEqual(self.faults(WHOLE), [])

    def test_each_missing_piece(self):
        for name, part in [("examples/price_book.toml", "no example"), ("docs/jobs/price.md", "no page"),
                           ("tests/jobs/price/parse_test.cpp", "no test")]:
            with self.subTest(name=name):
                faults = self.faults({key: text for key, text in WHOLE.items() if key != name})
                self.assertEqual(len(faults), 1, faults)
                self.assertIn(part, faults[0])

    def test_not_registered(self):
        faults = self.faults(dict(WHOLE, **{"jobs/registry.cpp": '{"other", resolve}'}))
        self.assertEqual(len(faults), 1, faults)
        self.assertIn("not registered", faults[0])


if __name__ == "__main__":
    unittest.main()
