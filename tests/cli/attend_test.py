#!/usr/bin/env python3
"""Runs attended from another shell: status --why, stop, wait, logs; and resumed on other hardware."""
import signal
import unittest

from muster import JOB, SMALL, MusterTest

LONG = ["--set", "simulation.paths=33554432", "--commit-interval", "0.05"]


class Waiting(MusterTest):
    def give_up_waiting(self, parts, timeout):
        ran = self.muster("wait", "a.h5", "--timeout", timeout)
        told = self.muster("wait", "a.h5", "--timeout", timeout, "--json")
        self.assertEqual((ran.code, told.code), (75, 75), ran.err + told.err)
        for part in parts:
            self.assertIn(part, ran.err)
            self.assertIn(part, told.json()["error"]["message"])


class Attended(Waiting):
    def begin(self, *arguments):
        process = self.start("run", JOB, *LONG, "--out", "a.h5", "--quiet", *arguments)
        self.wait_for("the first commit", lambda: self.committed("a.h5") > 0)
        return process

    def test_stop_from_another_shell(self):
        process = self.begin()
        waiting = self.start("wait", "a.h5", "--json")
        following = self.start("logs", "a.h5", "--follow")
        told = self.succeed("stop", "a.h5", "--json").json()
        self.assertEqual(told["pid"], process.pid)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertIn("asked to by muster stop (process ", err)
        self.assertFalse((self.folder / "a.h5.stop").exists())
        out, _ = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 75)
        self.assertIn('"stopped"', out)
        lines, _ = following.communicate(timeout=60)
        self.assertEqual(following.returncode, 0)
        self.assertIn("asked to stop by muster stop", lines)
        self.assertIn("verdict 75", lines)
        status = self.muster("status", "a.h5", "--why", "--exit-code")
        self.assertEqual(status.code, 75)
        self.assertIn("why      stopped on request of muster stop", status.out)
        self.refuse(2, ["nothing is running on a.h5", "muster status"], "stop", "a.h5")

    def test_why_of_a_run_and_of_a_kill(self):
        process = self.begin()
        told = self.succeed("status", "a.h5", "--why", "--json").json()
        self.assertEqual(told["pid"], process.pid)
        self.assertIn(f"process {process.pid} on {told['host']} works on it since", told["why"])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        told = self.muster("status", "a.h5", "--why", "--json").json()
        self.assertEqual(told["state"], "interrupted")
        self.assertIn(f"process {process.pid} on", told["why"])
        self.assertIn("is gone without a verdict", told["why"])
        self.refuse(2, ["does not run any more"], "stop", "a.h5")
        self.give_up_waiting(["a.h5 has no verdict after", "interrupted, ", "muster status --why"], "0")


class Wait(Waiting):
    def test_exits_with_the_run_s_code(self):
        self.run_small("a.h5")
        ran = self.succeed("wait", "a.h5", "--timeout", "0")
        self.assertIn("done", ran.out)
        self.assertEqual(self.succeed("wait", "a.h5", "--json").json()["state"], "done")

    def test_for_a_run_that_has_not_begun(self):
        self.give_up_waiting(["there is nothing yet", "wait longer"], "0.1")
        waiting = self.start("wait", "a.h5")
        self.assertIn("waiting for the run to begin", waiting.stderr.readline())
        self.run_small("a.h5")
        waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0)

    def test_refuses_odd_timeouts(self):
        self.refuse(2, ["--timeout -1", "must be 0 to 1e9"], "wait", "a.h5", "--timeout", "-1")
        self.refuse(2, ["--timeout"], "wait", "a.h5", "--timeout", "soon")

    def test_can_be_interrupted(self):
        waiting = self.start("wait", "a.h5")
        self.assertIn("waiting for the run", waiting.stderr.readline())
        waiting.send_signal(signal.SIGTERM)
        _, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 75)
        self.assertIn("the run itself was not asked to stop", err)


class Logs(MusterTest):
    def test_tell_of_every_start(self):
        self.run_small("a.h5")
        self.run_small("a.h5", "--fresh", "--ranks", "2")
        lines = self.succeed("logs", "a.h5").out.splitlines()
        self.assertEqual(sum(" start " in line for line in lines), 2)
        self.assertEqual(sum("verdict 0" in line for line in lines), 2)
        self.assertEqual(sum("rank 1 on" in line for line in lines), 1)
        for line in lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info \[rank 0 [^\]]+\] ")
        self.assertEqual(self.succeed("logs", "a.h5", "--json").json()["lines"], lines)
        self.assertEqual(self.succeed("logs", "a.h5", "--follow").out.splitlines(), lines)

    def test_hold_nothing_that_a_terminal_obeys(self):
        (self.folder / "a.h5.log").write_bytes(b"x\x1b[31m\xff\rover\nhalf a line")
        self.assertEqual(self.succeed("logs", "a.h5").out, "x\ufffd[31m\ufffdover\n")

    def test_never_grow_past_their_bound(self):
        (self.folder / "a.h5.log").write_text("an old line\n" * 100_000, encoding="utf-8")
        self.run_small("a.h5")
        log = (self.folder / "a.h5.log").read_text(encoding="utf-8")
        self.assertLess(len(log), 2**20)
        self.assertTrue(log.startswith("an old line\n"))
        self.assertIn("verdict 0", log)

    def test_that_are_not_there_or_none(self):
        self.refuse(2, ["a.h5.log: no such log", "check the path"], "logs", "a.h5")
        ran = self.muster("logs", "a.h5", "--follow", "--json")
        self.assertEqual(ran.code, 2)
        self.assertIn("--follow with --json", ran.json()["error"]["message"])
        (self.folder / "a.h5.log").mkdir()
        self.refuse(2, ["a.h5.log is no regular file"], "logs", "a.h5")
        self.assertTrue(self.run_small("a.h5")["computed_now"])

    def test_a_link_is_not_followed(self):
        (self.folder / "victim").write_text("precious", encoding="utf-8")
        (self.folder / "a.h5.log").symlink_to("victim")
        ran = self.muster("run", JOB, *SMALL, "--out", "a.h5", "--quiet")
        self.assertEqual(ran.code, 0, ran.err)
        self.assertIn("the run goes on without a log", ran.err)
        self.assertEqual((self.folder / "victim").read_text(encoding="utf-8"), "precious")


class OtherHardware(MusterTest):
    """A CPU is of the mid tier, whose "auto" paths are 2^20; on a low one they are 2^18, on a high one 2^22."""

    JOB = ('kind = "price"\nmethod = "both"\noutputs = ["price"]\n[simulation]\npaths = "auto"\ntile_paths = 1024\n'
           'precision = "double"\n[[market.asset]]\nname = "A"\nspot = 100.0\nvolatility = 0.2\n'
           '[[instrument]]\nright = "call"\nstrike = 100.0\nexpiry_years = 1.0\n')

    def run_job(self, *arguments):
        return self.succeed("run", "job.toml", "--device", "cpu", "--quiet", "--json", *arguments).json()

    def resumed_on_mid(self, paths):
        """Begun as a machine of another tier resolves it, which is the same text as with the value set."""
        (self.folder / "job.toml").write_text(self.JOB, encoding="utf-8")
        there = ["--set", f"simulation.paths={paths}"]
        process = self.start("run", "job.toml", *there, "--device", "cpu", "--out", "a.h5", "--quiet", "--commit-interval", "0.01")
        self.wait_for("a state", lambda: self.muster("status", "a.h5").code == 0)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        resumed = self.run_job("--out", "a.h5")
        whole = self.run_job(*there, "--out", "whole.h5")
        self.assertEqual(resumed["tiles"], paths // 1024)
        self.assertEqual(resumed["result_digest"], whole["result_digest"])
        self.assertEqual(resumed["job"]["hash"], whole["job"]["hash"])
        return resumed

    def test_a_run_goes_on_as_it_began(self):
        mine = self.resumed_on_mid(2**22)
        (self.folder / "a.h5").unlink()
        self.assertNotEqual(self.run_job("--out", "a.h5")["job"]["hash"], mine["job"]["hash"])

    def test_a_result_stays_the_result(self):
        (self.folder / "job.toml").write_text(self.JOB, encoding="utf-8")
        first = self.run_job("--set", f"simulation.paths={2**18}", "--out", "a.h5")
        again = self.run_job("--out", "a.h5")
        self.assertFalse(again["computed_now"])
        self.assertEqual(again["result_digest"], first["result_digest"])
        self.assertTrue(self.run_job("--out", "a.h5", "--fresh")["computed_now"])
        self.assertEqual(self.run_job("--out", "a.h5")["tiles"], 2**20 // 1024)

    def test_another_job_is_still_refused(self):
        (self.folder / "job.toml").write_text(self.JOB, encoding="utf-8")
        self.run_job("--set", f"simulation.paths={2**18}", "--out", "a.h5")
        self.refuse(2, ["another job"], "run", "job.toml", "--out", "a.h5", "--set", "seed=5", "--device", "cpu")


if __name__ == "__main__":
    unittest.main()
