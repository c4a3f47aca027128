#!/usr/bin/env python3
"""muster import bars: files and generated markets, tables and JSON, and what it refuses."""
import unittest

from muster import MusterTest

HEADER = "symbol,timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n"
ROWS = ("AAA,2020-01-02,10,11,9,10,,100,0,1\n"
        "AAA,2020-01-03,10,11,9,10,,100,4,1\n"
        "AAA,2020-01-06,0,11,9,10,,100,0,1\n"
        "BBB,2020-01-06,10,11,9,10,,100,0,1\n")


class ImportBars(MusterTest):
    def setUp(self):
        super().setUp()
        (self.folder / "daily.csv").write_text(HEADER + ROWS)

    def test_files(self):
        text = self.succeed("import", "bars", "daily.csv").out
        self.assertIn("day: 2 symbols, 3 times from 2020-01-02 to 2020-01-06", text)
        self.assertIn("dropped   1 not_positive\n", text)
        self.assertIn("AAA 2020-01-03: dividend of 4, 40 % of the close before", text)
        self.assertRegex(text, r"bar file +daily.h5\n")
        told = self.succeed("import", "bars", "daily.csv", "--json").json()  # over its own output
        self.assertEqual(told["times"], 3)
        self.assertEqual([one["symbol"] for one in told["symbols"]], ["AAA", "BBB"])
        self.assertEqual(told["flags"][0]["reason"], "large_dividend")
        self.assertEqual(told["dropped"]["not_positive"]["rows"], 1)
        self.assertIn(told["digest"], text)

    def test_choosing(self):
        told = self.succeed("import", "bars", "daily.csv", "--symbols", "AAA,BBB", "--from", "2020-01-06",
                            "--to", "2020-01-06", "--currency", "EUR", "--calendar", "none", "--out", "x.h5", "--json").json()
        self.assertEqual(told["times"], 1)
        self.assertEqual(told["rows_left_out"], 2)
        self.assertEqual(told["calendar"], "none")
        self.assertEqual(told["output"], "x.h5")

    def test_a_generated_market(self):
        market = "symbols=3,days=60,seed=1"
        told = self.succeed("import", "bars", "--synthetic", market, "--json").json()
        self.assertEqual(told["output"], "synthetic.h5")
        self.assertEqual(len(told["symbols"]), 3)
        for isa in ("v3", "v4"):
            ran = self.muster("import", "bars", "--synthetic", market, "--json", env={"MUSTER_ISA": isa})
            if ran.code == 0:  # a CPU may lack v4
                self.assertEqual(ran.json()["digest"], told["digest"])

    def test_what_is_refused(self):
        self.refuse(2, ["no bar file"], "import", "bars")
        self.refuse(2, ["--synthetic and files"], "import", "bars", "daily.csv", "--synthetic", "seed=1")
        self.refuse(2, ["synthetic market: symbols = '0'"], "import", "bars", "--synthetic", "symbols=0")
        self.refuse(2, ["--calendar lunar (must be us_equity or none)"], "import", "bars", "daily.csv", "--calendar", "lunar")
        self.refuse(2, ["unknown option --fro for muster bars"], "import", "bars", "daily.csv", "--fro", "x")
        self.refuse(2, ["CHAIN is required"], "import")
        (self.folder / "notes.h5").write_text("mine")
        self.refuse(2, ["notes.h5"], "import", "bars", "daily.csv", "--out", "notes.h5")
        self.assertEqual((self.folder / "notes.h5").read_text(), "mine")

    def test_help(self):
        text = self.succeed("import", "bars", "--help").out
        self.assertIn("--synthetic", text)
        self.assertIn("Example:\n  muster import bars ", text)


if __name__ == "__main__":
    unittest.main()
