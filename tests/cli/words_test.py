#!/usr/bin/env python3
"""Help, version, and what muster says to a command line or a file it cannot use."""
import os
import subprocess
import unittest

from muster import BINARY, JOB, SMALL, SOURCE, MusterTest

COMMANDS = ["run", "check", "plan", "verify", "replay", "diff", "import", "status", "stop", "wait", "logs", "topology",
            "selftest", "submit"]


class Help(MusterTest):
    def test_every_command_has_help_with_an_example(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                text = self.succeed(command, "--help").out
                self.assertIn(f"Usage: muster {command}", text)
                self.assertIn(f"Example:\n  muster {command} ", text)
                self.assertIn("--json", text)

    def test_nothing_asked_gives_the_overview(self):
        text = self.succeed().out
        for command in COMMANDS:
            self.assertRegex(text, rf"\n  {command} +\S")
        self.assertEqual(text, self.succeed("--help").out)
        self.assertIn("75 stopped in good order", text)

    def test_help_can_be_json(self):
        self.assertIn("Usage", self.succeed("run", "--help", "--json").json()["help"])


class Version(MusterTest):
    def test_text_and_json_agree(self):
        text = self.succeed("--version").out
        told = self.succeed("--version", "--json").json()
        self.assertEqual(set(told), {"muster", "git_sha", "arithmetic_version", "build_type", "compiler", "cuda", "nccl", "onnx",
                                     "instruction_sets"})
        self.assertTrue(text.startswith(f"muster {told['muster']}\n"))
        self.assertRegex(text, rf"arithmetic version +{told['arithmetic_version']}\n")
        self.assertGreaterEqual(told["arithmetic_version"], 1)
        self.assertIn(told["git_sha"] or "not built from a git checkout", text)


class BadArguments(MusterTest):
    def test_unknown_command(self):
        self.refuse(2, ['unknown command "rnu"', 'use "run"'], "rnu")
        self.refuse(2, ['unknown command "xyzzy"', "use one of", "verify"], "xyzzy")

    def test_unknown_option(self):
        self.refuse(2, ["unknown option --otu for muster run", 'use "--out"'], "run", JOB, "--otu", "a.h5")
        self.refuse(2, ["unknown option --sampel", 'use "--sample"'], "verify", "a.h5", "--sampel=1%")

    def test_missing_and_surplus_arguments(self):
        self.refuse(2, ["JOB.toml", "required", "muster run --help"], "run")
        self.refuse(2, ["B.h5", "required"], "diff", "a.h5")
        self.refuse(2, ['unexpected argument "c.h5"'], "diff", "a.h5", "b.h5", "c.h5")

    def test_values_out_of_range(self):
        self.refuse(2, ["--device tpu", "auto, cpu or gpu"], "run", JOB, "--device", "tpu")
        self.refuse(2, ["--ranks 0", "must be 1 to"], "run", JOB, "--ranks", "0")
        self.refuse(2, ["--threads -1", "must be 0 to"], "run", JOB, "--threads=-1")
        self.refuse(2, ["--threads", "4x"], "run", JOB, "--threads", "4x")
        for option in ("--device-memory", "--memory"):
            for size in ("0", "15MB", "four", "4 apples", "-1GB", "nan", "1e30"):
                self.refuse(2, [f"{option} {size}", "16 MiB to 1 PiB", f"write {option} 4GB"], "run", JOB, f"{option}={size}")
        self.refuse(2, ["--commit-interval 0", "must be 0.01"], "run", JOB, "--commit-interval", "0")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_unknown_instruction_set(self):
        self.refuse(2, ["MUSTER_ISA=v9", "unset MUSTER_ISA"], "run", JOB, "--device", "cpu", env={"MUSTER_ISA": "v9"})


class BadFiles(MusterTest):
    def test_job_files(self):
        self.refuse(2, ["nix.toml", "No such file", "check the path"], "run", "nix.toml")
        self.refuse(2, [str(self.folder)], "check", self.folder)
        (self.folder / "empty.toml").write_text("")
        self.refuse(2, ["empty.toml", "kind is missing", 'kind = "price"'], "check", "empty.toml")
        (self.folder / "kind.toml").write_text("kind = 3\n")
        self.refuse(2, ["kind.toml", "kind is"], "check", "kind.toml")
        (self.folder / "other.toml").write_text('kind = "prise"\n')
        self.refuse(2, ["prise", "price"], "check", "other.toml")
        (self.folder / "syntax.toml").write_text('kind = "price"\nname = \n')
        self.refuse(2, ["syntax.toml:2:"], "check", "syntax.toml")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_no_permission(self):
        (self.folder / "secret.toml").write_text('kind = "price"\n')
        (self.folder / "secret.toml").chmod(0)
        self.refuse(2, ["secret.toml", "Permission denied"], "check", "secret.toml")

    def test_all_faults_at_once(self):
        ran = self.muster("check", JOB, "--set", "simulation.paths=-5", "--set", "market.modle=x")
        self.assertEqual(ran.code, 2)
        self.assertIn("simulation.paths", ran.err)
        self.assertIn("modle", ran.err)
        self.assertIn("model", ran.err)

    def test_outputs(self):
        self.refuse(3, ["nowhere"], "run", JOB, *SMALL, "--out", "nowhere/a.h5")
        (self.folder / "mine.h5").write_text("not muster's\n")
        for start in ([], ["--fresh"]):
            self.refuse(2, ["mine.h5", "not an HDF5 file"], "run", JOB, *SMALL, "--out", "mine.h5", *start)
        self.assertEqual((self.folder / "mine.h5").read_text(), "not muster's\n")

    def test_results_that_are_none(self):
        (self.folder / "mine.h5").write_text("not muster's\n")
        for command in (["verify", "mine.h5"], ["replay", "mine.h5"], ["diff", "mine.h5", "mine.h5"], ["status", "mine.h5"]):
            with self.subTest(command=command):
                self.refuse(2, ["mine.h5", "not an HDF5 file"], *command)
        self.refuse(2, ["gone.h5", "no result and no run state"], "status", "gone.h5")
        self.refuse(2, ["gone.h5", "No such file"], "verify", "gone.h5")

    def test_full_standard_output(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            ran = self.muster("check", JOB, stdout=full)
        self.assertEqual(ran.code, 3)
        self.assertIn("No space left on device", ran.err)


class Reference(MusterTest):
    def test_pages_are_what_the_field_tables_say(self):
        script = SOURCE / "scripts" / "update-job-reference"
        subprocess.run([script, BINARY, self.folder], check=True)
        pages = sorted(self.folder.glob("*.md"))
        self.assertEqual([page.stem for page in pages], sorted(path.name for path in (SOURCE / "jobs").iterdir() if path.is_dir()))
        for page in pages:
            committed = (SOURCE / "docs" / "jobs" / page.name).read_text(encoding="utf-8")
            self.assertEqual(page.read_text(encoding="utf-8"), committed, f"run scripts/update-job-reference {BINARY}")

    def test_unknown_kind(self):
        self.refuse(2, ['"prise"', 'use "price"'], "check", "--reference", "prise")


class Facts(MusterTest):
    def test_topology(self):
        told = self.succeed("topology", "--json").json()
        self.assertGreaterEqual(told["cpu"]["usable_cores"], 1)
        self.assertGreater(told["memory"]["total_bytes"], 1 << 20)
        self.assertIn(told["cpu"]["model"], self.succeed("topology").out)

    def test_check_prints_a_job_that_resolves_to_itself(self):
        first = self.succeed("check", JOB)
        (self.folder / "resolved.toml").write_text(first.out)
        told = self.succeed("check", JOB, "--json").json()
        again = self.succeed("check", "resolved.toml", "--json").json()
        self.assertTrue(told["ok"])
        self.assertEqual(told["resolved"], again["resolved"])
        self.assertEqual(told["job"]["hash"], again["job"]["hash"])

    def test_plan_names_mode_and_settings(self):
        text = self.succeed("plan", JOB, "--device", "cpu").out
        self.assertRegex(text, r"\nmode +CPU +asked for with --device cpu\n")
        self.assertRegex(text, r"\nsimulation.paths +1048576 +set in the job file\n")
        told = self.succeed("plan", JOB, "--device", "cpu", "--threads", "3", "--json").json()
        ranks = told["plan"]["ranks"]
        self.assertTrue(ranks[0].pop("cpus"), "what its threads are bound to")
        self.assertEqual(ranks, [{"rank": 0, "gpus": [], "threads": 3, "gpu_memory_bytes": [], "numa": None}])

    def test_plan_says_what_may_be_taken(self):
        text = self.succeed("plan", "--on", "2x A100-80GB, 1x RTX 3050").out
        self.assertRegex(text, r"\nGPU memory +up to 3.00 GiB +75 % of 4 GB\n")
        told = self.succeed("plan", "--on", "2x A100-80GB", "--device-memory", "4GB", "--memory", "6GiB", "--json").json()["plan"]
        self.assertEqual(told["ranks"][0]["gpu_memory_bytes"], [4 * 10**9] * 2)
        self.assertEqual(told["memory_bytes"], 6 * 2**30)
        reasons = {decision["what"]: decision["reason"] for decision in told["decisions"]}
        self.assertEqual(reasons["GPU memory"], "asked for with --device-memory")
        self.assertEqual(reasons["memory a process"], "asked for with --memory")
        text = self.succeed("plan", "--device", "cpu").out
        self.assertRegex(text, r"\nmemory a process +up to .*iB +90 % of the .* that can be taken now\n")


class OtherMachines(MusterTest):
    """plan --on and topology --on need nothing of this machine."""

    def plan(self, on, *more):
        return self.succeed("plan", *more, "--on", on, "--json").json()

    def test_mode_and_groups(self):
        for on, mode, group_size, gpus in [
                ("8x A100-80GB", "model and data parallel", 8, 8), ("4x RTX 3090, 2x T4", "data parallel", 1, 6),
                ("16 nodes x 8x H100", "model and data parallel", 8, 128), ("8x RTX 4090", "data parallel", 1, 8),
                ("H200", "standalone", 1, 1), ("64 cores", "CPU", 1, 0)]:
            with self.subTest(on=on):
                told = self.plan(on)["plan"]
                self.assertEqual((told["mode"], told["group_size"], told["gpus"]), (mode, group_size, gpus))

    def test_inventory_by_tier(self):
        for on, values in [
                ("RTX 3050", {"2 batch": 16, "2 model": "LSTM", "15 contracts": 50, "14 workers": 2, "18 forecaster.context": 100}),
                ("RTX 3070", {"2 batch": 32, "2 model": "small transformer", "15 contracts": 200, "14 workers": 4}),
                ("T4", {"2 batch": 32, "2 model": "small transformer", "15 contracts": 1000, "14 workers": 4}),
                ("A100-80GB", {"2 batch": 128, "2 model": "full transformer", "15 contracts": 1000, "14 workers": 8})]:
            with self.subTest(on=on):
                told = {f"{row['program']} {row['key']}": row["value"] for row in self.plan(on)["auto_settings"]}
                self.assertEqual({key: told[key] for key in values}, values)

    def test_a_job_takes_its_tier_from_there(self):
        (self.folder / "job.toml").write_text('kind = "price"\noutputs = ["price"]\n[[market.asset]]\nname = "A"\n'
                                              'spot = 100.0\nvolatility = 0.2\n[[instrument]]\nright = "call"\n'
                                              'strike = 100.0\nexpiry_years = 1.0\n', encoding="utf-8")
        for on, tier, paths in [("RTX 3050", "low", "262144"), ("RTX 3070", "mid", "1048576"), ("8x H100", "high", "4194304")]:
            told = self.plan(on, "job.toml")
            self.assertEqual(told["plan"]["tier"], tier)
            self.assertEqual({row["key"]: row["value"] for row in told["settings"]}["simulation.paths"], paths)
        self.assertIn("no model-parallel form", self.succeed("plan", "job.toml", "--on", "8x H100").out)

    def test_a_saved_machine(self):
        (self.folder / "machine.json").write_text(self.succeed("topology", "--json").out)
        told = self.succeed("topology", "--on", "machine.json", "--json").json()
        self.assertEqual(told, self.succeed("topology", "--json").json() | {"memory": told["memory"]})
        self.assertEqual(self.plan("machine.json", "--threads", "1")["plan"]["ranks"][0]["threads"], 1)
        folder = SOURCE / "tests" / "topology" / "fixtures" / "dgx1v"
        self.assertEqual(self.plan(str(folder))["plan"]["group_size"], 4)
        self.assertIn("GPU0  X     NV1", self.succeed("topology", "--on", folder).out)

    def test_what_cannot_be(self):
        self.refuse(2, ["RTX 3091", 'use "RTX 3090"'], "plan", "--on", "RTX 3091")
        self.refuse(2, ["10 000 GPUs in a machine", "must be 1 to 256"], "plan", "--on", "10000x T4")
        self.refuse(2, ["gone.json", "No such file"], "plan", "--on", "gone.json")
        self.refuse(2, ["--on is empty"], "plan", "--on", " ")
        self.refuse(2, ["--mode fast", "model+data"], "plan", "--mode", "fast")
        self.refuse(2, ["no NVLink joins", "use --mode data"], "plan", "--on", "8x RTX 4090", "--mode", "model+data")
        self.refuse(2, ["no model-parallel form"], "plan", JOB, "--on", "8x H100", "--mode", "model+data")
        self.refuse(2, ["--set without a job file"], "plan", "--set", "a.b=1", "--on", "T4")
        (self.folder / "two.json").write_text('{"gpus": [{"name": "Tesla T4", "uuid": "u"}, {"name": "Tesla T4", "uuid": "u"}]}')
        self.refuse(2, ["two.json", "GPUs 0 and 1 have one UUID"], "plan", "--on", "two.json")


if __name__ == "__main__":
    unittest.main()
