#!/usr/bin/env python3
"""muster run and predict with networks: one digest however it is computed, prices that make sense, and what is refused."""
import unittest

from muster import JOB as PRICE_JOB, SMALL, MusterTest

JOB = """kind = "train"
seed = 3
[data]
samples = 400
validation = 100
test = 100
paths = 2000
tile_samples = 40
grid = 20_000
[network]
width = 24
layers = 3
[training]
epochs = 30
batch = 64
learning_rate = 0.01
"""
BARS_JOB = """kind = "train"
model = "autoencoder"
seed = 3
[market]
bars = "bars.h5"
[encoder]
window = 5
latent = 2
depth = 2
width = 8
[training]
epochs = 4
batch = 64
"""
CONTRACTS = "name,volatility,spot,expiry [years],rate,dividend\nfirst,0.2,1,1,0.03,0.01\nsecond,0.3,1.4,0.5,0.01,0\n"


class Train(MusterTest):
    def setUp(self):
        super().setUp()
        (self.folder / "calls.toml").write_text(JOB)
        (self.folder / "contracts.csv").write_text(CONTRACTS)

    def digest(self, *arguments, **more):
        return self.succeed("run", "calls.toml", "--fresh", "--json", *arguments, **more).json()["result_digest"]

    def test_one_network_for_any_number_of_ranks(self):
        alone = self.digest("--threads", "1")
        self.assertEqual(self.digest("--threads", "2", env={"MUSTER_ISA": "v3"}), alone)
        self.assertEqual(self.digest("--ranks", "4"), alone)
        self.assertEqual(self.digest("--ranks", "3", "--launcher", "mpirun"), alone)
        for seed in ("1", "2", "3"):
            told = self.succeed("verify", "calls.h5", "--sample", "20%", "--sample-seed", seed).out
            self.assertIn("every bit is the same", told)
            self.assertRegex(told, r"stages \d+ to \d+")
        self.assertIn("every bit is the same", self.succeed("replay", "calls.h5").out)

    def test_predictions(self):
        self.digest()
        told = self.succeed("predict", "calls.h5", "contracts.csv", "--csv", "priced.csv", "--json").json()
        columns = {column["name"]: column["values"] for column in told["tables"][0]["columns"]}
        self.assertEqual(columns["spot"], [1, 1.4])
        # A small network after a second: the closed form says 0.0883 and 0.4133.
        self.assertAlmostEqual(columns["price"][0], 0.0883, delta=0.03)
        self.assertAlmostEqual(columns["price"][1], 0.4133, delta=0.03)
        self.assertAlmostEqual(columns["delta"][1], 0.97, delta=0.15)
        # What it wrote may be priced again.
        again = self.succeed("predict", "calls.h5", "priced.csv", "--json").json()
        self.assertEqual(again["tables"], told["tables"])

    def test_an_autoencoder_of_a_bar_file(self):
        self.succeed("import", "bars", "--synthetic", "symbols=3,days=200,seed=1", "--out", "bars.h5")
        (self.folder / "bars.toml").write_text(BARS_JOB)

        def digest(*arguments, **more):
            return self.succeed("run", "bars.toml", "--out", "coder.h5", "--fresh", "--json", *arguments, **more).json()["result_digest"]

        alone = digest("--threads", "1")
        self.assertEqual(digest("--threads", "2", env={"MUSTER_ISA": "v3"}), alone)
        self.assertEqual(digest("--ranks", "3", "--launcher", "mpirun"), alone)
        self.assertIn("every bit is the same", self.succeed("verify", "coder.h5", "--sample", "100%").out)
        self.assertIn("every bit is the same", self.succeed("replay", "coder.h5").out)
        self.refuse(2, ["coder.h5 holds an autoencoder (it prices nothing); give the result of a surrogate"],
                    "predict", "coder.h5", "contracts.csv")
        # Other bars than the job was resolved with.
        self.succeed("import", "bars", "--synthetic", "symbols=3,days=200,seed=2", "--out", "bars.h5")
        self.refuse(2, ["market.bars bars.h5 has the digest", "bring back the file it was resolved with"], "replay", "coder.h5")

    def tune(self, network, *arguments, code=0, parts=()):
        """Runs a job that goes on from a stored network, `network` being what its table says beside that."""
        job = JOB.replace("width = 24\nlayers = 3\n", f'init_from = "calls.h5"\n{network}').replace("epochs = 30", "epochs = 2")
        (self.folder / "tuned.toml").write_text(job.replace("seed = 3", "seed = 4"))
        if code:
            return self.refuse(code, parts, "run", "tuned.toml", "--fresh", *arguments)
        return self.succeed("run", "tuned.toml", "--fresh", *arguments)

    def test_a_network_is_learned_on(self):
        self.digest()
        told = self.tune("frozen_layers = 2\n", "--json").json()
        steps = next(table for table in told["tables"] if table["name"] == "validations")["columns"][0]["values"]
        self.assertEqual(steps[:2], [0, 7])
        self.assertIn("it went on from calls.h5, 2 of its layers frozen", self.tune("frozen_layers = 2\n").out)
        alone = told["result_digest"]
        for arguments in (("--ranks", "3"), ("--ranks", "2", "--launcher", "mpirun")):
            self.assertEqual(self.tune("frozen_layers = 2\n", "--json", *arguments).json()["result_digest"], alone)
        for command in (("verify", "tuned.h5", "--sample", "100%"), ("replay", "tuned.h5")):
            self.assertIn("every bit is the same", self.succeed(*command).out)
        # The digest of the start is part of the job.
        resolved = self.succeed("check", "tuned.toml").out
        self.assertRegex(resolved, r'init_digest = "[0-9a-f]{64}"')
        self.digest("--set", "seed=8")
        self.refuse(2, ["init_from", "calls.h5 has the network", "bring back the file it was resolved with"], "replay", "tuned.h5")

    def test_several_networks(self):
        told = self.succeed("run", "calls.toml", "--json", "--set", "network.repeats=2", "--set", 'network.baseline="prices"',
                            "--set", "training.epochs=3").json()
        tables = {table["name"]: {column["name"]: column["values"] for column in table["columns"]} for table in told["tables"]}
        self.assertEqual(tables["runs"]["learns"], ["prices and derivatives"] * 2 + ["prices"] * 2)
        self.assertLessEqual(set(tables["accuracy"]["verdict"]), {"beats it", "is beaten", "cannot be told apart"})
        self.assertIn("every bit is the same", self.succeed("verify", "calls.h5", "--sample", "20%").out)
        self.assertIn("every bit is the same", self.succeed("replay", "calls.h5").out)

    def test_hestons_model(self):
        heston = ("--set", 'contract.model="heston"', "--set", "data.paths=200")
        told = self.succeed("run", "calls.toml", *heston).out
        self.assertIn("by_variance_volatility_rms", told)
        self.assertNotIn("vega", told)
        self.assertIn("every bit is the same", self.succeed("verify", "calls.h5", "--sample", "100%").out)
        (self.folder / "c.csv").write_text("spot,expiry,rate,dividend,initial_variance,mean_reversion,long_run_variance,variance_volatility,"
                                           "correlation\n1,1,0.02,0,0.04,2,0.05,0.4,-0.5\n")
        self.assertIn("by_correlation", self.succeed("predict", "calls.h5", "c.csv").out)

    def test_a_sweep(self):
        told = self.succeed("run", "calls.toml", "--set", "sweep.learning_rate=[0.001, 0.01]", "--set", "training.epochs=3")
        self.assertIn("of 2 networks the best by validation", told.out)
        self.assertIn("of the sweep, the best first:", told.out)
        self.assertIn("every bit is the same", self.succeed("replay", "calls.h5").out)

    def test_starts_that_do_not_fit(self):
        self.digest()
        self.tune("width = 25\n", code=2, parts=["network.init_from: calls.h5 holds 3 layers of 24 (silu), the job asks for 3 layers of 25 (silu)"])
        self.tune('activation = "tanh"\n', code=2, parts=["the job asks for 3 layers of 24 (tanh)"])
        self.tune("frozen_layers = 4\n", code=2, parts=["frozen_layers = 4 of 4 layers, the last one included (nothing would be left to learn)"])
        self.tune("", "--set", "contract.spot=[0.7, 1.5]", code=2, parts=["calls.h5 was taught spot from 0.5 to 1.5, here spot from 0.7 to 1.5"])
        self.tune("", "--set", 'contract.type="asian_call"', code=2, parts=["calls.h5 was taught contracts of another type"])
        self.tune("", "--set", "network.init_digest=\"12\"", code=2, parts=["the job was resolved with 12..."])
        self.tune("", "--set", 'network.init_from="none.h5"', code=2, parts=["network.init_from: cannot read none.h5"])
        self.tune("", "--set", 'network.init_from="."', code=2, parts=["network.init_from"])
        self.succeed("run", PRICE_JOB, "--out", "p.h5", *SMALL)
        self.tune("", "--set", 'network.init_from="p.h5"', code=2, parts=["p.h5 is a result of the kind price (it holds no network)"])
        whole = (self.folder / "calls.h5").read_bytes()
        (self.folder / "short.h5").write_bytes(whole[:len(whole) // 2])
        self.tune("", "--set", 'network.init_from="short.h5"', code=2, parts=["network.init_from", "short.h5"])
        self.succeed("import", "bars", "--synthetic", "symbols=3,days=200,seed=1", "--out", "bars.h5")
        (self.folder / "bars.toml").write_text(BARS_JOB)
        self.succeed("run", "bars.toml", "--out", "coder.h5", "--quiet")
        self.tune("", "--set", 'network.init_from="coder.h5"', code=2, parts=["coder.h5 holds an autoencoder (it prices nothing)"])

    def test_what_is_refused(self):
        self.digest()

        def priced(text):
            (self.folder / "c.csv").write_text(text)
            return "predict", "calls.h5", "c.csv"

        self.refuse(2, ["c.csv:1: no column rate (an input of the network, in 1/year)"], *priced(CONTRACTS.replace("rate", "r")))
        self.refuse(2, ["c.csv:2: volatility = x is not a number"], *priced(CONTRACTS.replace("0.2", "x")))
        self.refuse(2, ["c.csv:2: volatility = nan"], *priced(CONTRACTS.replace("0.2", "nan")))
        self.refuse(2, ["c.csv:3: spot = 1.6 (outside [0.5, 1.5], where the network learned nothing)"], *priced(CONTRACTS.replace("1.4", "1.6")))
        self.refuse(2, ["c.csv:4: 1 of its cells are missing"], *priced(CONTRACTS + "third,0.2,1\n"))
        self.refuse(2, ["c.csv has no rows"], *priced(CONTRACTS.split("\n", maxsplit=1)[0]))
        self.refuse(2, ["c.csv is empty"], *priced(""))
        self.refuse(2, ["nowhere.csv"], "predict", "calls.h5", "nowhere.csv")
        self.succeed("run", PRICE_JOB, "--out", "p.h5", *SMALL)
        self.refuse(2, ["a result of the kind price (it holds no network)"], "predict", "p.h5", "contracts.csv")


if __name__ == "__main__":
    unittest.main()
