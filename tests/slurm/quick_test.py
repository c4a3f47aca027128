#!/usr/bin/env python3
"""Jobs on a Slurm of two nodes: submitted, stopped, requeued, in arrays; the same bits each time."""
import unittest

from cluster import SlurmTest

NODES = ["--nodes=2"]


class OnSlurm(SlurmTest):
    def test_a_job_over_two_nodes(self):
        job = self.submit(*NODES, "--gpus-per-node=2")
        self.finish(job)
        self.assertIn("with mpirun", self.log())
        self.assertFalse((self.folder / "out.h5.starts").exists())

    def test_srun_launches_too(self):
        job = self.submit(*NODES, "--export=ALL,MUSTER_LAUNCHER=srun")
        self.finish(job)

    def test_srun_gives_each_rank_its_share_of_the_smallest_node(self):
        words = [self.cluster.share / "muster", "run", *self.job, "--launcher", "srun", "--ranks", "3", "--out", "out.h5"]
        job = self.slurm("sbatch", "--parsable", "--nodes=2", "--exclusive", "--output=srun.log", "--wrap",
                         f"exec {' '.join(map(str, words))}").strip()
        self.wait_for_commit()
        # Of four CPUs a node, where two of the three ranks are.
        self.assertIn("CPUs=6", self.slurm("scontrol", "--oneliner", "show", "step", f"{job}.0"))
        self.finish(job)

    def test_a_signal_stops_it_and_the_script_requeues_it(self):
        job = self.submit(*NODES)
        self.wait_for_commit()
        self.slurm("scancel", "--batch", "--signal=TERM", job)
        self.wait_for("the restart", lambda: self.restarts(job) == 1)
        self.finish(job)
        self.assertEqual(self.log().count("asked to stop"), 1)
        self.assertEqual(self.log().count("stopped in good order"), 1)

    def test_tasks_of_an_array_are_requeued_by_themselves(self):
        files = []
        for name in ("one", "two", "three"):
            text = (self.folder / "job.toml").read_text().replace('name = "european_strip"', f'name = "{name}"')
            files.append(f"{name}.toml")
            (self.folder / files[-1]).write_text(text)
        job = self.muster_submit(*files, "--nodes", "1", "--tasks-per-node", "1", "--cpus-per-task", "2", "--gpus-per-node", "0")
        self.wait_for_commit(out="two.h5")
        self.slurm("scancel", "--batch", "--signal=TERM", f"{job}_1")
        self.wait_for("the restart", lambda: self.restarts(f"{job}_1") == 1)
        for task, name in enumerate(("one", "two", "three")):
            self.wait_for_end(f"{job}_{task}")
            self.assertEqual(self.state(f"{job}_{task}"), "COMPLETED")
            self.assertEqual(self.restarts(f"{job}_{task}"), 1 if name == "two" else 0)
            self.assertTrue(self.digest(f"{name}.h5"))

    def test_without_requeue_it_says_how_to_go_on(self):
        job = self.submit(*NODES, "--no-requeue")
        self.wait_for_commit()
        self.slurm("scancel", "--batch", "--signal=TERM", job)
        self.wait_for_end(job)
        self.assertEqual(self.show(job)["ExitCode"], "75:0")
        line = next(line for line in self.log().splitlines() if "sbatch" in line)
        command = line.split("last save: ", 1)[1].replace("&& sbatch ", "&& sbatch --parsable ")
        again = self.slurm("bash", "-c", command).strip()
        self.finish(again)

    def test_muster_submit_asks_slurm_and_submits(self):
        told = self.slurm(self.cluster.share / "muster", "submit", "job.toml", "--nodes", "1-2", "--test-only")
        self.assertIn("to start at", told)
        job = self.muster_submit("job.toml", "--nodes", "1-2", "--time", "5", "--out", "out.h5", "--keep", "kept.sbatch")
        self.finish(job)
        fields = self.show(job)
        self.assertEqual(fields["TimeLimit"], "00:05:00")
        self.assertEqual(fields["NumNodes"], "2")
        self.assertEqual(fields["NumCPUs"], "8")  # all of the nodes', two for each of their GPUs' ranks
        self.assertIn("set --", (self.folder / "kept.sbatch").read_text())

    def test_an_error_of_the_job_is_final(self):
        job = self.submit(*NODES, arguments=["nix.toml"])
        self.wait_for_end(job)
        self.assertEqual(self.show(job)["ExitCode"], "2:0")
        self.assertEqual(self.restarts(job), 0)
        self.assertIn("nix.toml", self.log())


if __name__ == "__main__":
    unittest.main()
