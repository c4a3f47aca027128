#!/usr/bin/env python3
"""The command under mpirun: the same bits, one voice."""
import os
import pathlib
import signal
import unittest

from muster import JOB, SMALL, SOURCE, MusterTest


MPI_RUN = str(SOURCE / "scripts" / "mpi-run")


def cpus_in(text):
    """"0-2,5" as a set."""
    cpus = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return cpus


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

    def test_topology_shows_all_ranks_once(self):
        for ranks in (1, 2, 4):
            with self.subTest(ranks=ranks):
                machine = self.mpi(ranks, "topology", "--json").json()
                self.assertEqual(machine["launch"], {"is_launched": True, "rank": 0, "ranks": ranks, "local_rank": 0,
                                                     "local_ranks": ranks})
        tree = self.mpi(3, "topology").out
        self.assertEqual(tree.count("├─ cpu: "), 1, tree)
        self.assertIn("launch: 3 of 3 ranks on this machine", tree)

    def test_a_result_holds_what_all_ranks_computed_on(self):
        told = self.mpi(2, "run", JOB, *SMALL, "--threads", "1", "--out", "a.h5", "--quiet", "--json").json()
        self.assertIn("2 CPU threads (", told["devices"])

    def test_ranks_are_bound_as_planned_whatever_the_launcher_did(self):
        usable = sorted(os.sched_getaffinity(0))
        for ranks in (1, 2, 4):
            with self.subTest(ranks=ranks):
                # taskset stands for mpirun's binding to one core.
                before = (MPI_RUN, str(ranks), "taskset", "-c", str(usable[0]))
                planned = self.muster("plan", JOB, "--json", before=before).json()["plan"]["ranks"]
                self.assertEqual(len(planned), ranks)
                cpus = [cpus_in(rank["cpus"]) for rank in planned]
                if ranks <= len(usable):
                    self.assertEqual(sorted(cpu for rank in cpus for cpu in rank), usable)  # disjoint, none left over
                else:
                    self.assertEqual(cpus, [set(usable)] * ranks)
                job = ("run", JOB, "--set", "simulation.paths=1e9", "--quiet", "--out", f"{ranks}.h5", "--commit-interval", "0.05")
                process = self.start(*job, before=before)
                self.wait_for("the first commit", lambda: self.committed(f"{ranks}.h5") > 0)
                bound = self.bindings()
                process.send_signal(signal.SIGUSR1)
                process.communicate(timeout=60)
                self.assertEqual(sorted(bound), list(range(ranks)))
                for rank, threads in bound.items():
                    with_binding = [thread for thread in threads if thread == cpus[rank]]
                    # The rank's own thread too.
                    self.assertGreaterEqual(len(with_binding), planned[rank]["threads"] + 1, f"rank {rank}: {threads}")

    def bindings(self):
        """What each thread of each rank that runs here may run on, by rank."""
        found = {}
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if process.joinpath("cwd").readlink() != self.folder or process.joinpath("exe").readlink().name != "muster":
                    continue
                variables = dict(one.split("=", 1) for one in process.joinpath("environ").read_text().split("\0") if "=" in one)
                found[int(variables["OMPI_COMM_WORLD_RANK"])] = [
                    os.sched_getaffinity(int(task.name)) for task in process.joinpath("task").iterdir()]
            except (OSError, KeyError):
                continue  # gone, or not ours
        return found

    def test_a_selftest_is_not_held_to_the_launchers_core(self):
        usable = sorted(os.sched_getaffinity(0))
        told = self.muster("selftest", "--json", before=(MPI_RUN, "2", "taskset", "-c", str(usable[0]))).json()
        threads = next(line for line in told["lines"] if line["check"] == "threads")
        self.assertEqual(threads["verdict"], "pass", threads)

    def test_a_plan_that_cannot_be_is_refused_once(self):
        ran = self.mpi(3, "run", JOB, "--set", "mode=standalone")
        self.assertNotEqual(ran.code, 0)
        self.assertEqual(ran.err.count("muster: "), 1, ran.err)
        self.assertIn('mode = "standalone"', ran.err)

    def test_other_commands_speak_once(self):
        self.run_small("a.h5")
        self.assertEqual(self.mpi(3, "verify", "a.h5").out.count("every bit is the same"), 1)
        self.mpi(2, "--version", "--json").json()


if __name__ == "__main__":
    unittest.main()
