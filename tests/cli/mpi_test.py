#!/usr/bin/env python3
"""The command under mpirun: the same bits, one voice."""
import signal
import unittest

from muster import JOB, SMALL, SOURCE, MusterTest


MPI_RUN = str(SOURCE / "scripts" / "mpi-run")


class UnderMpirun(MusterTest):
    def mpi(self, ranks, *arguments):
        return self.muster(*arguments, before=(MPI_RUN, str(ranks)))

    def test_same_bits_on_any_number_of_ranks(self):
        alone = self.run_small("alone.h5")
        for ranks in (1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                ran = self.mpi(ranks, "run", JOB, *SMALL, "--out", f"{ranks}.h5", "--quiet", "--json")
                self.assertEqual(ran.code, 0, ran.err)
                told = ran.json()  # one value: the other ranks say nothing
                self.assertEqual(told["result_digest"], alone["result_digest"])
                self.assertEqual(told["tables"], alone["tables"])
                self.assertEqual(told["ranks"], ranks)

    def test_an_error_is_told_once_and_all_ranks_leave(self):
        for arguments, part in ((["run", "nix.toml"], "nix.toml"), (["run", JOB, "--otu", "x"], "--otu"),
                                (["run", JOB, "--ranks", "2"], "under a launcher")):
            with self.subTest(arguments=arguments):
                ran = self.mpi(3, *arguments)
                self.assertEqual(ran.code, 2, ran.err)
                self.assertEqual(ran.err.count("muster: "), 1, ran.err)
                self.assertIn(part, ran.err)

    def test_a_finished_run_lets_all_ranks_go(self):
        self.run_small("a.h5")
        ran = self.mpi(3, "run", JOB, *SMALL, "--out", "a.h5")
        self.assertEqual(ran.code, 0, ran.err)
        self.assertEqual(ran.out.count("already done"), 1)

    def test_a_signal_stops_all_ranks_and_a_resume_has_the_same_bits(self):
        job = ["run", JOB, "--set", "simulation.paths=16777216", "--quiet", "--commit-interval", "0.05"]
        process = self.start(*job, "--out", "a.h5", before=(MPI_RUN, "3"))
        self.wait_for("the first commit", lambda: self.committed("a.h5") > 0)
        process.send_signal(signal.SIGUSR1)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertEqual(err.count("stopped in good order"), 1, err)
        resumed = self.mpi(2, *job, "--out", "a.h5", "--json").json()
        whole = self.succeed(*job, "--out", "whole.h5", "--json").json()
        self.assertEqual(resumed["result_digest"], whole["result_digest"])

    def test_other_commands_speak_once(self):
        self.run_small("a.h5")
        self.assertEqual(self.mpi(3, "verify", "a.h5").out.count("every bit is the same"), 1)
        self.mpi(2, "--version", "--json").json()


if __name__ == "__main__":
    unittest.main()
