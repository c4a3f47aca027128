#!/usr/bin/env python3
"""Evolve jobs from outside: the journal of looks, and a limit of time that verify and replay obey."""
import os
import unittest

from muster import MusterTest

JOB = """kind = "evolve"
name = "look"
[market]
bars = "synthetic.h5"
[rules]
terms = 2
windows = [5, 20]
longest_hold = 20
[fitness]
least_trades = 2
[search]
population = 32
islands = 2
generations = 3
[honesty]
null_markets = 1
trials = 4
"""


class Looks(MusterTest):
    def setUp(self):
        super().setUp()
        self.succeed("import", "bars", "--synthetic", "symbols=4,days=400,seed=5")
        (self.folder / "look.toml").write_text(JOB)
        self.journal = self.folder / "synthetic.h5.looks"

    def run_job(self, *arguments):
        return self.succeed("run", "look.toml", "--device", "cpu", "--quiet", *arguments)

    def looks_in(self, told):
        table = next(table for table in told["tables"] if table["name"] == "looks")
        return {column["name"]: column["values"] for column in table["columns"]}

    def test_each_job_is_one_look(self):
        self.assertIn("no other job has looked at this test span (synthetic.h5.looks)", self.run_job("--out", "a.h5").out)
        self.run_job("--out", "b.h5")
        self.run_job("--out", "a.h5", "--fresh")
        self.assertEqual(len(self.journal.read_text().splitlines()), 2)
        told = self.run_job("--set", "seed=2", "--out", "c.h5", "--json").json()
        looks = self.looks_in(told)
        self.assertEqual(looks["is_this_job"], [0, 1])
        self.assertEqual(looks["is_kept"], [1, 1])
        self.assertEqual(looks["job"][1], told["job"]["hash"])
        self.assertIn("2 jobs have looked", self.run_job("--set", "seed=2", "--out", "c.h5").out)

    def test_those_who_check_do_not_look(self):
        self.run_job("--out", "a.h5")
        self.run_job("--set", "seed=2", "--out", "b.h5")
        before = self.journal.read_text()
        self.run_job("--out", "again.h5")  # its table of looks is longer
        self.succeed("verify", "a.h5", "--sample", "100%", "--device", "cpu")
        self.succeed("replay", "a.h5", "--device", "cpu", "--quiet")
        self.succeed("diff", "a.h5", "again.h5")
        self.assertEqual(self.journal.read_text(), before)

    def test_generated_bars_have_no_journal(self):
        told = self.run_job("--set", 'market.bars="synthetic:symbols=4,days=400,seed=5"', "--out", "a.h5", "--json").json()
        self.assertNotIn("looks", [table["name"] for table in told["tables"]])
        self.assertFalse(self.journal.exists())

    def test_a_bad_journal_stops_the_run_before_it_computes(self):
        self.journal.write_text("muster looks 1\nx\n")
        self.refuse(2, ["synthetic.h5.looks line 2: 1 fields instead of 7", "repair the line or remove it"],
                    "run", "look.toml", "--device", "cpu", "--quiet")
        self.journal.unlink()
        self.journal.mkdir()
        self.refuse(2, ["synthetic.h5.looks is no regular file"], "run", "look.toml", "--device", "cpu", "--quiet")

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written(self):
        (self.folder / "bars").mkdir()
        (self.folder / "synthetic.h5").rename(self.folder / "bars" / "synthetic.h5")
        (self.folder / "bars").chmod(0o555)
        self.addCleanup((self.folder / "bars").chmod, 0o755)
        self.not_counted("bars/synthetic.h5")

    def test_a_lock_that_nobody_can_take(self):
        (self.folder / "synthetic.h5.looks.lock").mkdir()
        self.not_counted("synthetic.h5")

    def not_counted(self, bars):
        ran = self.run_job("--set", f'market.bars="{bars}"', "--out", "a.h5", "--json")
        self.assertEqual(ran.err.count("this look at the test span is not counted for later jobs"), 1, ran.err)
        looks = self.looks_in(ran.json())
        self.assertEqual(looks["is_kept"], [0])
        self.assertIn("synthetic.h5.looks", looks["journal"][0])
        self.assertIn("looks    not counted: ", self.run_job("--set", f'market.bars="{bars}"', "--out", "a.h5").out)


CODER = """kind = "train"
model = "autoencoder"
[market]
bars = "synthetic.h5"
[encoder]
window = 4
latent = 2
depth = 2
width = 6
[training]
epochs = 2
batch = 64
"""


class LearnedFeatures(MusterTest):
    def setUp(self):
        super().setUp()
        self.succeed("import", "bars", "--synthetic", "symbols=4,days=400,seed=5")
        (self.folder / "coder.toml").write_text(CODER)
        (self.folder / "look.toml").write_text(JOB.replace("terms = 2", 'terms = 2\nfeatures = "f.h5"'))
        self.succeed("run", "coder.toml", "--out", "coder.h5", "--quiet")

    def run_job(self, *arguments):
        return self.succeed("run", "look.toml", "--device", "cpu", "--quiet", *arguments)

    def test_from_bars_to_a_champion(self):
        told = self.succeed("features", "coder.h5", "synthetic.h5", "--out", "f.h5", "--json").json()
        self.assertEqual((told["features"], told["symbols"], told["bars"]), (2, 4, 400))
        self.assertIn("learned from 2010-01-04 to ", self.succeed("features", "coder.h5", "synthetic.h5").out)
        self.assertTrue((self.folder / "coder_features.h5").exists())
        digest = self.run_job("--out", "a.h5", "--json").json()["result_digest"]
        self.assertEqual(self.run_job("--out", "b.h5", "--ranks", "3", "--json").json()["result_digest"], digest)
        self.assertIn("sums and tables too", self.succeed("verify", "a.h5", "--sample", "100%", "--device", "cpu").out)
        rule = "+50% latent_2(5) -50% sma(20); long in 10% out 0%; size 20%"
        self.assertIn("latent_2(5)", self.succeed("backtest", "a.h5", "--rule", rule).out)
        # On other bars of the same symbols the network makes them.
        self.assertIn("latent_2(5)", self.succeed("backtest", "a.h5", "--rule", rule, "--bars", "synthetic:symbols=4,days=300,seed=6").out)
        self.refuse(2, ["the bars have the symbol SYN004, which the network was not trained on"],
                    "backtest", "a.h5", "--rule", rule, "--bars", "synthetic:symbols=5,days=300,seed=6")

    def test_what_is_refused(self):
        self.refuse(2, ["rules.features: cannot read "], "run", "look.toml", "--device", "cpu")
        self.succeed("features", "coder.h5", "synthetic.h5", "--out", "f.h5")
        self.refuse(2, ["rules.features: the features' network was trained on bars from 2010-01-04", "which meet the validation span"],
                    "run", "look.toml", "--device", "cpu", "--set", "spans.train=0.5")
        self.refuse(2, ["the bars have the symbol SYN004, which the network was not trained on"],
                    "features", "coder.h5", "synthetic:symbols=5,days=300,seed=6")
        self.run_job("--out", "a.h5")
        self.refuse(2, ["a.h5 holds no autoencoder (features are its latent values)"], "features", "a.h5", "synthetic.h5")
        self.refuse(2, ["nowhere.h5"], "features", "coder.h5", "nowhere.h5")
        # The bars of the training may be gone.
        (self.folder / "synthetic.h5").rename(self.folder / "moved.h5")
        self.succeed("features", "coder.h5", "moved.h5", "--out", "again.h5")
        self.assertEqual(self.succeed("features", "coder.h5", "moved.h5", "--json").json()["digest"],
                         self.succeed("features", "coder.h5", "moved.h5", "--json").json()["digest"])


class TimeLimit(MusterTest):
    def test_the_generation_is_stored_and_obeyed(self):
        (self.folder / "look.toml").write_text(JOB.replace("synthetic.h5", "synthetic:symbols=4,days=400,seed=5"))
        run = ["run", "look.toml", "--device", "cpu", "--quiet", "--set", "search.generations=5000", "--set", "search.wall_s=0.3"]
        self.assertRegex(self.succeed(*run, "--out", "a.h5").out, r"the time of 0.3 s was over after generation \d+ of 5000")
        self.assertIn("sums and tables too", self.succeed("verify", "a.h5", "--sample", "100%", "--device", "cpu").out)
        self.assertIn("every bit is the same", self.succeed("replay", "a.h5", "--device", "cpu", "--quiet", "--ranks", "3").out)


if __name__ == "__main__":
    unittest.main()
