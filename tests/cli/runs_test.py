#!/usr/bin/env python3
"""Whole runs: one answer however they are cut, stopped and resumed; and what reads their results."""
import contextlib
import csv
import pathlib
import signal
import subprocess
import unittest

from muster import JOB, SMALL, SOURCE, MusterTest

LONG = ["--set", "simulation.paths=33554432", "--commit-interval", "0.05"]


def has_avx512():
    return " avx512vl" in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")


class OneAnswer(MusterTest):
    def test_ranks_threads_and_instruction_sets(self):
        first = self.run_small("1.h5")
        for ranks in (1, 2, 3, 4, 8):
            for threads in (1, 2):
                with self.subTest(ranks=ranks, threads=threads):
                    told = self.run_small("a.h5", "--fresh", "--ranks", ranks, "--threads", threads)
                    self.assertEqual(told["result_digest"], first["result_digest"])
                    self.assertEqual(told["tables"], first["tables"])
        for isa in ("v3", "v4") if has_avx512() else ("v3",):
            with self.subTest(isa=isa):
                told = self.run_small("a.h5", "--fresh", "--device", "cpu", env={"MUSTER_ISA": isa})
                self.assertEqual(told["result_digest"], first["result_digest"])

    def test_another_seed_is_another_answer(self):
        first = self.run_small("1.h5")
        other = self.run_small("2.h5", "--set", "seed=99")
        self.assertNotEqual(first["result_digest"], other["result_digest"])
        ran = self.muster("diff", "1.h5", "2.h5")
        self.assertEqual(ran.code, 1)
        self.assertIn("seed: 20260102 | 99", ran.out)
        told = self.muster("diff", "1.h5", "2.h5", "--json").json()
        self.assertFalse(told["same"])
        self.assertEqual(told["settings"], [{"key": "seed", "a": "20260102", "b": "99"}])


class AutoSettings(MusterTest):
    def test_plan_check_and_run_resolve_alike(self):
        (self.folder / "job.toml").write_text('kind = "price"\noutputs = ["price"]\n[[market.asset]]\nname = "A"\n'
                                              'spot = 100.0\nvolatility = 0.2\n[[instrument]]\nright = "call"\n'
                                              'strike = 100.0\nexpiry_years = 1.0\n', encoding="utf-8")
        told = self.succeed("plan", "job.toml", "--device", "cpu", "--json").json()
        reasons = {setting["key"]: setting["reason"] for setting in told["settings"]}
        self.assertEqual(told["plan"]["tier"], "mid")
        self.assertEqual(reasons["simulation.paths"], "auto: mid tier (the CPU's)")
        self.assertIn('auto: mid tier (the CPU\'s): method = "both"',
                      self.succeed("run", "job.toml", "--device", "cpu", "--out", "a.h5").err)
        ran = self.succeed("run", "job.toml", "--device", "cpu", "--out", "a.h5", "--json").json()
        self.assertEqual(ran["job"]["hash"], told["job"]["hash"])
        checked = self.succeed("check", "job.toml").out
        self.assertRegex(checked, "\n# auto: (low|mid|high) tier")


class Outputs(MusterTest):
    def test_default_name_and_table(self):
        ran = self.succeed("run", JOB, "--set", "simulation.paths=65536")
        self.assertTrue((self.folder / "european_strip.h5").is_file())
        self.assertRegex(ran.out, r"\ndigest   [0-9a-f]{64}\n")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["european_strip.h5", "european_strip.h5.log"])

    def test_a_finished_run_is_not_repeated(self):
        first = self.run_small("a.h5")
        before = (self.folder / "a.h5").read_bytes()
        again = self.run_small("a.h5")
        self.assertTrue(first["computed_now"])
        self.assertFalse(again["computed_now"])
        self.assertEqual((self.folder / "a.h5").read_bytes(), before)
        self.assertEqual(first["tables"], again["tables"])
        self.assertTrue(self.run_small("a.h5", "--fresh")["computed_now"])

    def test_another_job_s_output_is_refused_and_kept(self):
        self.run_small("a.h5")
        before = (self.folder / "a.h5").read_bytes()
        self.refuse(2, ["a.h5", "another job", "--fresh"], "run", JOB, "--out", "a.h5")
        self.assertEqual((self.folder / "a.h5").read_bytes(), before)

    def test_csv_has_the_tables(self):
        told = self.run_small("a.h5", "--csv", "prices.csv")
        self.assertEqual(told["csv"][0], "prices.csv")
        self.assertEqual(len(told["csv"]), len(told["tables"]))
        for name, table in zip(told["csv"], told["tables"]):
            with open(self.folder / name, newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))
            self.assertEqual(len(rows[0]), len(table["columns"]))
            self.assertEqual(len(rows) - 1, len(table["columns"][0]["values"]))
        price = next(column for column in told["tables"][0]["columns"] if column["name"] == "price")
        with open(self.folder / "prices.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        at = next(i for i, name in enumerate(rows[0]) if name.split(" ")[0] == "price")
        self.assertEqual([float(row[at]) for row in rows[1:]], price["values"])

    def test_status_of_a_finished_run(self):
        told = self.run_small("a.h5")
        status = self.succeed("status", "a.h5", "--exit-code", "--json").json()
        self.assertEqual(status["state"], "done")
        self.assertEqual(status["result_digest"], told["result_digest"])


class MarketFileAsBook(MusterTest):
    def setUp(self):
        super().setUp()
        self.source = SOURCE / "examples" / "data" / "spx_like_chain.csv"
        self.succeed("import", self.source, "--out", "chain.h5")
        (self.folder / "job.toml").write_text('kind = "price"\n[book]\nfile = "chain.h5"\n', encoding="utf-8")

    def mids(self):
        """Symbol -> mid, straight from the vendor's layout: calls from column 1, puts from column 12."""
        mids = {}
        with open(self.source, newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                for at in (1, 12) if len(row) > 20 else ():
                    with contextlib.suppress(ValueError):
                        mids[row[at]] = (float(row[at + 3]) + float(row[at + 4])) / 2
        return mids

    def test_its_prices_are_its_mids(self):
        ran = self.succeed("run", "job.toml", "--out", "a.h5", "--quiet", "--json")
        self.assertIn("973 of 973 rows", ran.err)
        self.assertIn("kept apart by the import: 2 adjusted_root, 1 crossed, 6 zero_bid", ran.err)
        columns = {column["name"]: column["values"] for column in ran.json()["tables"][0]["columns"]}
        mids = self.mids()
        self.assertEqual(len(columns["name"]), 973)
        for name, price in zip(columns["name"], columns["closed_price"]):
            self.assertLess(abs(price - mids[name]), max(1e-10 * mids[name], 1e-14 * 5000), name)
        # From the result alone.
        (self.folder / "chain.h5").unlink()
        self.assertTrue(self.succeed("verify", "a.h5", "--sample", "100%", "--json").json()["same"])
        self.assertTrue(self.succeed("replay", "a.h5", "--quiet", "--json").json()["same"])

    def test_plan_says_what_is_priced(self):
        settings = self.succeed("plan", "job.toml", "--device", "cpu", "--json").json()["settings"]
        reasons = {setting["key"]: setting["reason"] for setting in settings}
        self.assertIn("973 of 973 rows", reasons["book.file"])
        self.assertEqual(reasons["method"], "auto: instruments with a quote of their own")

    def test_simulation_is_refused(self):
        self.refuse(2, ["method: both", "closed_form"], "run", "job.toml", "--set", "method=both")


class NoRoom(MusterTest):
    """A limit on the size of files and a full disk: one message, exit code 3, nothing lost."""

    def refuse_to_write(self, out, why, before=()):
        command = ("run", JOB, *SMALL, "--out", out, "--quiet")
        ran = self.muster(*command, before=before)
        self.assertEqual(ran.code, 3, ran.out + ran.err)
        self.assertEqual(ran.out, "")
        self.assertEqual(ran.err.count("\n"), 1, ran.err)
        for part in why:
            self.assertIn(part, ran.err)

    def test_a_limit_on_the_size_of_files(self):
        for blocks in (0, 1, 8):  # of 512 bytes
            with self.subTest(blocks=blocks):
                before = ("sh", "-c", f'ulimit -f {blocks} && exec "$@"', "sh")
                self.refuse_to_write("a.h5", ["cannot write", "ulimit -f"], before)
        self.assertTrue(self.run_small("a.h5")["computed_now"])

    def test_a_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        for kib in (4, 16):
            with self.subTest(kib=kib):
                mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(disk)],
                                         stderr=subprocess.PIPE, check=False)
                if mounted.returncode != 0:
                    self.skipTest("cannot mount a small file system here (needs root)")
                try:
                    self.refuse_to_write("disk/a.h5", ["No space left on device", "free space there"])
                finally:
                    subprocess.run(["umount", str(disk)], check=True)


class Interrupted(MusterTest):
    def finish_and_compare(self):
        resumed = self.succeed("run", JOB, *LONG, "--out", "a.h5", "--quiet", "--json", "--ranks", "3").json()
        whole = self.succeed("run", JOB, *LONG, "--out", "whole.h5", "--quiet", "--json").json()
        self.assertEqual(resumed["result_digest"], whole["result_digest"])
        self.assertEqual(resumed["tables"], whole["tables"])
        # What was committed before was not computed again.
        self.assertLess(sum(rank["tiles"] for rank in resumed["run"]["ranks"]), resumed["tiles"])

    def test_a_signal_stops_in_good_order(self):
        process = self.start("run", JOB, *LONG, "--out", "a.h5", "--quiet")
        self.wait_for("the first commit", lambda: self.committed("a.h5") > 0)
        self.assertEqual(self.muster("status", "a.h5", "--json").json()["state"], "running")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertIn("run the same command again", err)
        status = self.muster("status", "a.h5", "--exit-code", "--json")
        self.assertEqual(status.code, 75)
        self.assertEqual(status.json()["state"], "stopped")
        self.finish_and_compare()

    def test_a_kill_costs_the_last_interval(self):
        process = self.start("run", JOB, *LONG, "--out", "a.h5", "--quiet")
        self.wait_for("the first commit", lambda: self.committed("a.h5") > 0)
        process.kill()
        process.communicate()
        status = self.muster("status", "a.h5", "--exit-code", "--json")
        self.assertEqual(status.code, 75)
        self.assertEqual(status.json()["state"], "interrupted")
        self.finish_and_compare()

    def test_two_runs_of_one_output(self):
        process = self.start("run", JOB, *LONG, "--out", "a.h5", "--quiet")
        self.wait_for("the first commit", lambda: self.committed("a.h5") > 0)
        ran = self.muster("run", JOB, *LONG, "--out", "a.h5")
        self.assertEqual(ran.code, 2)
        self.assertIn(str(process.pid), ran.err)


class Again(MusterTest):
    def test_verify_replay_and_diff(self):
        told = self.run_small("a.h5")
        verified = self.succeed("verify", "a.h5", "--sample", "25%", "--json").json()
        self.assertTrue(verified["same"])
        self.assertEqual(verified["tiles_compared"], told["tiles"] // 4)
        self.assertFalse(verified["sums_and_tables_compared"])
        whole = self.succeed("verify", "a.h5", "--sample", "100%", "--json").json()
        self.assertEqual(whole["tiles_compared"], told["tiles"])
        self.assertTrue(whole["sums_and_tables_compared"])
        self.assertIn("every bit is the same, sums and tables too", self.succeed("verify", "a.h5", "--sample", "100%").out)
        replayed = self.succeed("replay", "a.h5", "--ranks", "2", "--quiet", "--json").json()
        self.assertTrue(replayed["same"])
        self.assertEqual(replayed["result_digest"], told["result_digest"])
        self.run_small("b.h5", "--ranks", "3")
        self.assertTrue(self.succeed("diff", "a.h5", "b.h5", "--json").json()["same"])

    def test_samples_out_of_range(self):
        self.run_small("a.h5")
        for sample in ("0%", "101%", "-1", "0", "1.5", "x", "1e99%"):
            with self.subTest(sample=sample):
                self.refuse(2, ["--sample", "use 1% or 100%"], "verify", "a.h5", f"--sample={sample}")

    def test_a_flipped_byte_is_told(self):
        self.run_small("a.h5")
        whole = (self.folder / "a.h5").read_bytes()
        for share in (3, 5, 7):
            with self.subTest(share=share):
                at = len(whole) * share // 8
                (self.folder / "a.h5").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
                ran = self.muster("verify", "a.h5")
                self.assertIn(ran.code, (0, 2))  # unused space between datasets is no content
                if ran.code == 2:
                    self.assertIn("a.h5", ran.err)
        (self.folder / "a.h5").write_bytes(whole[: len(whole) // 2])
        self.refuse(2, ["a.h5"], "verify", "a.h5")


if __name__ == "__main__":
    unittest.main()
