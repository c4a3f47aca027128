#!/usr/bin/env python3
"""muster selftest from outside: alone, under mpirun, and with something broken."""
import unittest

from muster import SOURCE, MusterTest

MPI_RUN = str(SOURCE / "scripts" / "mpi-run")


def verdicts(told):
    return {line["check"]: line["verdict"] for line in told["lines"]}


class Selftest(MusterTest):
    def test_passes_here_and_leaves_nothing(self):
        told = self.succeed("selftest", self.folder, "--json").json()
        self.assertEqual(told["verdict"], "pass")
        found = verdicts(told)
        for check in ("instruction set", "known answers", "threads", "memory", "CPU job gbm", "CPU job heston", "free space",
                      "files", "HDF5", "locking", "same build"):
            self.assertEqual(found[check], "pass")
        self.assertEqual(found["MPI"], "not_applicable")
        self.assertEqual(found["Slurm"], "not_applicable")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_text_has_a_line_a_check(self):
        text = self.succeed("selftest").out
        self.assertRegex(text, r"^scope: \w")
        self.assertRegex(text, r"\npass  CPU job gbm +\S+ [MGk]? ?path-steps/s +digest")
        self.assertRegex(text, r"\nn/a   Slurm +not inside a Slurm job\n")

    def test_a_folder_that_takes_no_files_fails(self):
        for folder in ("/proc", "nowhere"):
            ran = self.muster("selftest", folder, "--json")
            self.assertEqual(ran.code, 3, ran.err)
            self.assertEqual(ran.json()["verdict"], "fail")
            self.assertEqual(verdicts(ran.json())["CPU job gbm"], "pass")
        self.assertRegex(self.muster("selftest", "/proc").out, r"\nFAIL  files")

    def test_slurm_that_contradicts_fails(self):
        slurm = {"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "0"}
        ran = self.muster("selftest", "--json", env=slurm)
        self.assertEqual(ran.code, 3, ran.err)
        self.assertEqual(verdicts(ran.json())["Slurm"], "fail")

    def test_under_mpirun_rank_0_speaks_for_all(self):
        ran = self.muster("selftest", self.folder, "--json", before=(MPI_RUN, "3"))
        self.assertEqual(ran.code, 0, ran.out + ran.err)
        told = ran.json()
        self.assertEqual((told["ranks"], told["machines"]), (3, 1))
        found = verdicts(told)
        for check in ("MPI", "same build", "MPI latency", "MPI bandwidth", "clock skew", "shared folder"):
            self.assertEqual(found[check], "pass")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_surplus_arguments(self):
        self.refuse(2, ['unexpected argument "b"'], "selftest", "a", "b")


if __name__ == "__main__":
    unittest.main()
