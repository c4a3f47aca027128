#!/usr/bin/env python3
"""muster export: what others compute with an exported network is what muster predicts; and what is refused."""
import csv
import importlib.util
import json
import math
import os
import random
import re
import struct
import unittest

from muster import JOB as PRICE_JOB, SMALL, SOURCE, MusterTest
from train_test import BARS_JOB, JOB

EUROPEAN = {"spot": (0.5, 1.5), "expiry": (0.02, 2), "volatility": (0.05, 0.6), "rate": (-0.02, 0.08), "dividend": (0, 0.05)}
ASIAN = {**EUROPEAN, "known_fixings": (0, 11), "known_average": (0.35, 1.95)}
GREEKS = ["price", "delta", "gamma", "by_expiry", "theta", "vega", "rho", "by_dividend"]


def is_there(module):
    return importlib.util.find_spec(module) is not None


def contracts(box, rows):
    """Rows over the whole box, known fixings whole."""
    draw = random.Random(7)
    return [{name: float(draw.randint(*ends)) if name == "known_fixings" else draw.uniform(*ends) for name, ends in box.items()} for _ in range(rows)]


def tensors_in(path):
    """What a safetensors file holds: metadata, and a flat list of numbers with its shape by name."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header, at = json.loads(data[8:8 + size]), 8 + size
    about, found, end = header.pop("__metadata__"), {}, 0
    for name, tensor in header.items():
        letter, width = {"F32": ("f", 4), "F64": ("d", 8)}[tensor["dtype"]]
        first, last = tensor["data_offsets"]
        assert first == end and (last - first) == width * math.prod(tensor["shape"]), name
        found[name] = (tensor["shape"], struct.unpack(f"<{(last - first) // width}{letter}", data[at + first:at + last]))
        end = last
    assert at + end == len(data)
    return about, found


def price_by(tensors, activation, row):
    """The network of the tensors, written out."""
    middle, half = tensors["middle"][1], tensors["half"][1]
    x = [(value - m) / h for value, m, h in zip(row, middle, half)]
    numbers = sorted(int(name.split(".")[0]) for name in tensors if name.endswith(".weight"))
    for number in numbers:
        (outputs, inputs), weights = tensors[f"{number}.weight"]
        x = [bias + sum(weights[o * inputs + i] * x[i] for i in range(inputs)) for o, bias in zip(range(outputs), tensors[f"{number}.bias"][1])]
        if number != numbers[-1]:
            x = [{"SiLU": lambda z: z / (1 + math.exp(-z)), "Tanh": math.tanh}[activation](z) for z in x]
    return middle[-1] + half[-1] * x[0]


class Export(MusterTest):
    def setUp(self):
        super().setUp()
        (self.folder / "calls.toml").write_text(JOB)

    def train(self, *arguments):
        self.succeed("run", "calls.toml", "--fresh", "--quiet", *arguments)

    def train_asian(self):
        self.train("--set", 'contract.type="asian_call"', "--set", 'network.activation="tanh"', "--set", "data.paths=200")

    def predicted(self, rows):
        with open(self.folder / "contracts.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        told = self.succeed("predict", "calls.h5", "contracts.csv", "--json").json()
        return {column["name"]: column["values"] for column in told["tables"][0]["columns"]}

    def test_tensors_make_the_network(self):
        for box, train in ((EUROPEAN, self.train), (ASIAN, self.train_asian)):
            with self.subTest(box=box):
                train()
                self.succeed("export", "calls.h5", "--safetensors", f"{len(box)}.safetensors")
                about, tensors = tensors_in(self.folder / f"{len(box)}.safetensors")
                self.assertIn("spot [strikes], expiry [years]", about["inputs"])
                rows = contracts(box, 20)
                for row, price in zip(rows, self.predicted(rows)["price"]):
                    self.assertAlmostEqual(price_by(tensors, about["activation"], list(row.values())), price, delta=1e-12)

    def test_greeks_are_the_derivatives_of_the_price(self):
        self.train()
        step, steps = 2e-5, {"delta": "spot", "by_expiry": "expiry", "vega": "volatility", "rho": "rate", "by_dividend": "dividend"}
        at = {"spot": 1.1, "expiry": 0.7, "volatility": 0.3, "rate": 0.02, "dividend": 0.01}
        rows = [at] + [{**at, name: at[name] + side * step} for name in steps.values() for side in (1, -1)]
        found = self.predicted(rows)
        price = found["price"]
        for i, name in enumerate(steps):
            self.assertAlmostEqual(found[name][0], (price[2 * i + 1] - price[2 * i + 2]) / (2 * step), delta=1e-6, msg=name)
        self.assertAlmostEqual(found["gamma"][0], (found["delta"][1] - found["delta"][2]) / (2 * step), delta=1e-5)
        self.assertEqual(found["theta"][0], -found["by_expiry"][0])

    def has_onnx(self):
        if self.succeed("--version", "--json").json()["onnx"] != "yes":
            self.skipTest("built without libonnx")

    def test_what_was_written_is_told(self):
        self.train()
        self.has_onnx()
        told = self.succeed("export", "calls.h5", "--onnx", "a.onnx", "--safetensors", "a.safetensors", "--json").json()
        self.assertEqual([item["name"] for item in told["outputs"]], GREEKS)
        self.assertEqual([item["name"] for item in told["inputs"]], list(EUROPEAN))
        self.assertEqual((told["onnx"], told["safetensors"]), ("a.onnx", "a.safetensors"))
        digest = self.succeed("status", "calls.h5", "--json").json()["result_digest"]
        for file in (self.folder / "a.onnx", self.folder / "a.safetensors"):
            self.assertIn(digest.encode(), file.read_bytes())
        self.assertRegex(self.succeed("export", "calls.h5", "--onnx", "b.onnx").out, r"onnx +b\.onnx, [\d.]+ KiB")

    @unittest.skipUnless(is_there("onnxruntime"), "no onnxruntime")
    def test_onnxruntime_computes_the_same(self):
        import numpy
        import onnxruntime
        self.has_onnx()
        for box, train in ((EUROPEAN, self.train), (ASIAN, self.train_asian)):
            train()
            (self.folder / "calls.onnx").unlink(missing_ok=True)
            self.succeed("export", "calls.h5", "--onnx", "calls.onnx")
            rows = contracts(box, 10_000)
            wanted = self.predicted(rows)
            session = onnxruntime.InferenceSession(self.folder / "calls.onnx")
            names = [output.name for output in session.get_outputs()]
            self.assertEqual(names, GREEKS + ["by_known_average"] * (box is ASIAN))
            found = session.run(names, {name: numpy.array([row[name] for row in rows]) for name in box})
            for name, values in zip(names, found):
                expected = numpy.array(wanted[name])
                worst = numpy.max(numpy.abs(values - expected) / numpy.abs(expected))
                print(f"{len(box)} inputs, {name}: largest relative difference {worst:.1e}")
                self.assertLess(worst, 1e-5, name)

    @unittest.skipUnless(is_there("onnxruntime"), "no onnxruntime")
    def test_the_documented_session_runs(self):
        self.has_onnx()
        self.train()
        self.succeed("export", "calls.h5", "--onnx", "calls.onnx")
        found = self.run_documented("onnxruntime")
        wanted = self.predicted([found["row"]])
        self.assertAlmostEqual(found["price"][0], wanted["price"][0], delta=1e-9)
        self.assertAlmostEqual(found["gamma"][0], wanted["gamma"][0], delta=1e-9)

    @unittest.skipUnless(is_there("torch"), "no PyTorch")
    def test_the_documented_loader_loads(self):
        import torch
        self.train()
        self.succeed("export", "calls.h5", "--safetensors", "calls.safetensors")
        found = self.run_documented("load_state_dict")
        rows = contracts(EUROPEAN, 200)
        found["raw"] = torch.tensor([list(row.values()) for row in rows], dtype=torch.float64)
        page = (SOURCE / "docs" / "formats" / "networks.md").read_text(encoding="utf-8")
        prices = eval(re.search(r"as doubles: `([^`]*)`", page)[1], found)  # pylint: disable=eval-used
        for price, wanted in zip(prices.tolist(), self.predicted(rows)["price"]):
            self.assertAlmostEqual(price, wanted, delta=1e-6)

    def run_documented(self, word):
        """The names that a block of the documentation leaves behind."""
        page = (SOURCE / "docs" / "formats" / "networks.md").read_text(encoding="utf-8")
        block = next(code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if word in code)
        names, before = {}, os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        exec(block, names)  # pylint: disable=exec-used
        os.chdir(before)
        return names

    def test_what_is_refused(self):
        self.train()
        self.succeed("run", PRICE_JOB, "--out", "p.h5", "--quiet", *SMALL)
        self.refuse(2, ["p.h5 is a result of the kind price (it holds no network)"], "export", "p.h5", "--safetensors", "a")
        self.succeed("import", "bars", "--synthetic", "symbols=3,days=200,seed=1", "--out", "bars.h5")
        (self.folder / "bars.toml").write_text(BARS_JOB)
        self.succeed("run", "bars.toml", "--out", "coder.h5", "--quiet")
        self.refuse(2, ["coder.h5 holds an autoencoder (it prices nothing)"], "export", "coder.h5", "--safetensors", "a")
        self.refuse(2, ["neither --onnx nor --safetensors is given"], "export", "calls.h5")
        self.refuse(2, ["nowhere.h5"], "export", "nowhere.h5", "--safetensors", "a")
        whole = (self.folder / "calls.h5").read_bytes()
        (self.folder / "short.h5").write_bytes(whole[:len(whole) // 2])
        self.refuse(2, ["short.h5"], "export", "short.h5", "--safetensors", "a")
        (self.folder / "there").write_text("mine\n")
        for kind in ("--onnx", "--safetensors"):
            self.refuse(2, ["there is there already (an export replaces nothing)", "choose another name"], "export", "calls.h5", kind, "there")
            self.refuse(2, [". is there already"], "export", "calls.h5", kind, ".")
        self.assertEqual((self.folder / "there").read_text(), "mine\n")
        self.refuse(3, ["none/a", "No such file or directory"], "export", "calls.h5", "--safetensors", "none/a")
        self.refuse(3, ["there/a", "Not a directory"], "export", "calls.h5", "--safetensors", "there/a")
        self.refuse(2, ["--onxn", "--onnx"], "export", "calls.h5", "--onxn", "a")
        self.assertFalse((self.folder / "a").exists())

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written(self):
        self.train()
        (self.folder / "closed").mkdir(mode=0o555)
        self.refuse(3, ["closed/a", "Permission denied"], "export", "calls.h5", "--safetensors", "closed/a")

    def test_a_build_without_onnx_says_so(self):
        self.train()
        if self.succeed("--version", "--json").json()["onnx"] == "yes":
            self.skipTest("built with libonnx")
        self.refuse(3, ["this build has no ONNX (libonnx-dev was not there when it was made)", "use --safetensors"], "export", "calls.h5", "--onnx", "a")


if __name__ == "__main__":
    unittest.main()
