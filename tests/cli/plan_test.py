#!/usr/bin/env python3
"""What plan says, run does; the time and memory plan expects; and the inventory of settings, as plan shows it."""
import json
import unittest

from muster import JOB, SMALL, MusterTest

MIXED = "mixed precision"
ALL = "mixed precision, TF32, flash attention, tensor cores, tuned kernels"

# The inventory's thirteen cards, each size: GB, batch of train and of everything else, models, features, rating.
CARDS = {
    "RTX 3050": (4, 16, 16, "LSTM, small net", "gradient checkpointing, mixed precision", 1),
    "RTX 3060": (12, 48, 48, "LSTM, medium net", "mixed precision, TF32", 3),
    "RTX 3070": (8, 32, 32, "LSTM, small transformer", "gradient checkpointing, mixed precision, TF32", 5),
    "RTX 3080 10GB": (10, 48, 48, "medium transformer", "mixed precision, TF32", 10),
    "RTX 3080 12GB": (12, 64, 64, "medium transformer", "mixed precision, TF32", 10),
    "RTX 3090": (24, 96, 128, "large transformer", ALL, 20),
    "RTX 4070": (12, 64, 64, "medium transformer", "TF32, tuned kernels", 15),
    "RTX 4080": (16, 96, 96, "large transformer", "TF32, flash attention", 25),
    "RTX 4090": (24, 128, 256, "XL transformer", ALL, 40),
    "T4": (16, 32, 32, "medium", "none", 8),
    "V100-16GB": (16, 64, 64, "large", "mixed precision, tensor cores", 30),
    "V100-32GB": (32, 128, 128, "large", "mixed precision, tensor cores", 30),
    "A10": (24, 64, 64, "large", "mixed precision, TF32", 20),
    "A40": (48, 128, 256, "XL", ALL, 50),
    "A100-40GB": (40, 256, 256, "XXL", ALL, 100),
    "A100-80GB": (80, 512, 512, "XXL", ALL, 100),
}

# Its programs, by number and setting: on a low, a mid and a high machine. Of a range train takes the lower value, everything
# else the upper; "grows" is a multiple of the entry card's.
LOW, MID, HIGH = "RTX 3050", "RTX 3080 12GB", "A100-80GB"
PROGRAMS = {
    (2, "batch"): (16, 32, 128),
    (2, "model"): ("LSTM", "small transformer", "full transformer"),
    (2, "technique"): ("gradient checkpointing", MIXED, "flash attention"),
    (3, "method"): ("Black-Scholes", "Black-Scholes and surfaces", "Monte Carlo"),
    (3, "greeks"): ("limited", "full", "full"),
    (3, "strategies"): ("single legs", "multi-leg", "complex"),
    (5, "layers"): (4, 8, 16),
    (5, "accumulation"): ("gradient accumulation", "none", "none"),
    (6, "trading_frequency"): (1, 10, 100),
    (6, "portfolio_size"): (1, 3, 20),
    (7, "options_per_symbol"): (25, 100, 200),
    (8, "latency_unit"): ("milliseconds", "milliseconds", "microseconds"),
    (9, "population"): (1, 3, 20),
    (9, "mutation_rate"): (1, 10, 100),
    (10, "components"): ("basic", "most", "all"),
    (11, "memory_stress"): (1, 3, 20),
    (11, "work"): (1, 10, 100),
    (12, "autoencoder.latent"): (8, 16, 32),
    (12, "autoencoder.batch"): (16, 64, 256),
    (12, "autoencoder.depth"): (3, 5, 8),
    (14, "workers"): (2, 4, 8),
    (14, "ticks_per_second"): (10_000, 100_000, 1_000_000),
    (14, "arbitrage_pairs"): (100, 1_000, 10_000),
    (15, "contracts"): (50, 200, 1_000),
    (15, "greeks_precision"): ("single", "double", "quadruple"),
    (15, "optimiser_iterations"): (100, 1_000, 10_000),
    (16, "surrogate.parameters"): (100_000, 1_000_000, 10_000_000),
    (16, "surrogate.samples"): (1_000, 10_000, 100_000),
    (16, "surrogate.epochs"): (10, 50, 200),
    (17, "simultaneous_trades"): (1, 10, 100),
    (17, "strategies"): ("simple", "complex", "advanced"),
    (17, "risk"): ("basic", "full", "Monte Carlo"),
    (18, "forecaster.model"): ("LSTM", "transformer", "large transformer"),
    (18, "forecaster.context"): (100, 500, 2_000),
    (18, "forecaster.horizon_steps"): (1, 5, 20),
    (19, "update_rate"): (1, 10, 100),
    (20, "symbols"): (5, 20, 100),
    (20, "history_years"): (1, 5, 10),
    (20, "backtest_speed"): (1, 10, 100),
}
# Those that go by the number of GPUs: on one, four and eight.
BY_GPUS = {
    (4, "scope"): ("local", "distributed", "everything in parallel"),
    (5, "distribution"): ("one device", "data parallel", "distributed layers"),
    (13, "parallelism"): ("standalone", "data parallel", "model and data parallel"),
}


class Inventory(MusterTest):
    def plan(self, on):
        return self.succeed("plan", "--on", on, "--json").json()

    def settings(self, on):
        return {(row["program"], row["key"]): row["value"] for row in self.plan(on)["auto_settings"]}

    def test_every_card(self):
        for on, (gb, train, batch, models, features, rated) in CARDS.items():
            with self.subTest(on=on):
                card = self.plan(on)["plan"]["least_card"]
                self.assertEqual((card["nominal_memory_gb"], card["train_batch"], card["batch"], card["models"],
                                  card["features"], card["rated"]), (gb, train, batch, models, features, rated))

    def test_every_program(self):
        for place, on in enumerate((LOW, MID, HIGH)):
            told = self.settings(on)
            for what, values in PROGRAMS.items():
                with self.subTest(on=on, what=what):
                    self.assertEqual(told[what], values[place])
            self.assertEqual(set(told), set(PROGRAMS) | set(BY_GPUS))
        for place, on in enumerate((LOW, f"4x {MID}", f"8x {HIGH}")):
            told = self.settings(on)
            for what, values in BY_GPUS.items():
                with self.subTest(on=on, what=what):
                    self.assertEqual(told[what], values[place])

    def test_programs_without_a_setting_of_their_own(self):
        # 1: the share of memory a job may take.
        for on, share in [("RTX 3050", 0.75), ("RTX 3070", 0.78), ("RTX 3090", 0.90), ("A40", 0.9214), ("A100-80GB", 0.95)]:
            self.assertAlmostEqual(self.plan(on)["plan"]["least_card"]["memory_fraction"], share, places=3)
        # 21: every card has its tier. 22: the CPU does it where there is no card.
        for on, tier in [(LOW, "low"), (MID, "mid"), (HIGH, "high"), ("8 cores", "mid")]:
            self.assertEqual(self.plan(on)["plan"]["tier"], tier)
        self.assertEqual(self.plan("8 cores")["plan"]["mode"], "CPU")


class Agreement(MusterTest):
    """One function decides for plan and for run; what ran is what was planned."""

    @staticmethod
    def without_free_memory(plan):
        """What can be taken of the machine's memory changes from one moment to the next."""
        decisions = [line for line in plan["decisions"] if line["what"] != "memory a process"]
        return {key: value for key, value in plan.items() if key != "memory_bytes"} | {"decisions": decisions}

    def test_setting_by_setting(self):
        for number, options in enumerate([[], ["--threads", "1"], ["--ranks", "3"], ["--ranks", "2", "--threads", "2"],
                                          ["--device", "cpu"], ["--mode", "cpu"]]):
            with self.subTest(options=options):
                planned = self.succeed("plan", JOB, *SMALL, *options, "--json").json()
                ran = self.run_small(f"{number}.h5", *options)
                self.assertEqual(self.without_free_memory(ran["plan"]), self.without_free_memory(planned["plan"]))
                self.assertEqual(ran["settings"], planned["settings"])
                self.assertEqual(ran["job"], planned["job"])
                ranks = planned["plan"]["ranks"]
                self.assertEqual(ran["ranks"], len(ranks))
                self.assertEqual([rank["consumers"] for rank in ran["run"]["ranks"]],
                                 [len(rank["gpus"]) or rank["threads"] for rank in ranks])
                for was, told in zip(ran["expected"]["devices"], planned["expected"]["devices"], strict=True):
                    self.assertEqual((was["device"], was["count"], was["reason"]), (told["device"], told["count"], told["reason"]))
                    self.assertAlmostEqual(was["tile_seconds"] / told["tile_seconds"], 1, places=4)

    def test_the_result_keeps_plan_and_time(self):
        ran = self.run_small("a.h5")
        content = (self.folder / "a.h5").read_bytes()
        stored, _ = json.JSONDecoder().raw_decode(content[content.index(b'{\n  "plan"'):].decode(errors="replace"))
        self.assertEqual(stored["plan"], ran["plan"])
        self.assertEqual(stored["settings"], ran["settings"])
        self.assertEqual(stored["expected"], ran["expected"])
        self.assertGreater(stored["measured"]["seconds"], stored["measured"]["compute_seconds"])
        self.assertLessEqual(stored["measured"]["seconds"], ran["measured"]["seconds"])


class Expected(MusterTest):
    def test_time_and_memory_are_told(self):
        text = self.succeed("plan", JOB).out
        self.assertRegex(text, r"\nexpected time +\S+ m?s +\d+ tiles; \S+ m?s to start, \S+ m?s for the results\n")
        self.assertRegex(text, r"\nhost memory +\S+ MiB +expected on each machine\n")
        self.assertRegex(text, r"\n(\d+ x )?(CPU thread|NVIDIA .*) +\S+ .?s a tile +timed here\n")
        text = self.succeed("plan", JOB, "--on", "8x A100-80GB").out
        self.assertRegex(text, r"\n8 x NVIDIA A100.* +\S+ .?s a tile +by the card's rating, 100x\n")

    def test_what_was_timed_is_remembered(self):
        first = self.succeed("plan", JOB, "--device", "cpu", "--json").json()["expected"]
        cache = self.folder / "cache" / "muster" / "tile-times.txt"
        self.assertEqual(len(cache.read_text().splitlines()), 2)
        again = self.succeed("plan", JOB, "--device", "cpu", "--json", "--set", "seed=5").json()["expected"]
        self.assertAlmostEqual(again["devices"][0]["tile_seconds"] / first["devices"][0]["tile_seconds"], 1, places=4)
        self.succeed("plan", JOB, "--device", "cpu", "--set", 'simulation.precision="double"')
        self.assertEqual(len(cache.read_text().splitlines()), 3)
        # A run uses what a plan has timed, and times nothing itself.
        cache.unlink()
        self.assertIn("reference CPU", self.run_small("a.h5", "--device", "cpu")["expected"]["devices"][0]["reason"])
        self.assertFalse(cache.exists())

    def test_a_cache_that_cannot_be_used_is_done_without(self):
        cache = self.folder / "cache" / "muster" / "tile-times.txt"
        cache.parent.mkdir(parents=True)
        for content in [b"", b"\xff\x00{", b"muster tile times 1\nnothing of it 1 2 3\n"]:
            cache.write_bytes(content)
            self.assertGreater(self.succeed("plan", JOB, "--device", "cpu", "--json").json()["expected"]["seconds"], 0)
        self.assertGreater(self.succeed("plan", JOB, "--device", "cpu", "--json", env={"XDG_CACHE_HOME": "/dev/null"})
                           .json()["expected"]["seconds"], 0)

    def test_a_stop_rule_gives_a_range(self):
        rule = ["--set", "simulation.target_stderr=0.01", "--set", "simulation.max_paths=8388608"]
        told = self.succeed("plan", JOB, *rule, "--on", "16 cores", "--json").json()["expected"]
        self.assertLess(told["least_seconds"], told["seconds"])
        self.assertRegex(self.succeed("plan", JOB, *rule, "--on", "16 cores").out, r"\nexpected time +\S+ m?s to \S+ m?s .*stop rule decides\n")

    def test_a_job_that_does_not_fit_is_refused(self):
        (self.folder / "small.json").write_text('{"host": "small", "cpu": {"cores": 2}, "memory": {"total_bytes": 33554432}}')
        self.refuse(2, ["of memory on small, which has 32.0 MiB", "use a machine with"], "plan", JOB, "--on", "small.json")


if __name__ == "__main__":
    unittest.main()
