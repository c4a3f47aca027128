#!/usr/bin/env python3
"""What a cluster does to jobs: limits, preemption, lost nodes, many requeues; each job ends with the same bits."""
import os
import signal
import sys
import time
import unittest

from cluster import STEADY, SlurmTest

NODES = ["--nodes=2"]
LIMIT_S = 900


class Losses(SlurmTest):
    lasts_s = 40

    def test_a_signal_to_everything(self):
        job = self.submit(*NODES)
        self.wait_for_commit()
        self.slurm("scancel", "--full", "--signal=TERM", job)
        self.wait_for("the restart", lambda: self.restarts(job) == 1, 200)
        self.finish(job)

    def test_preemption_over_two_nodes(self):
        job = self.submit(*NODES)
        self.wait_for_commit()
        urgent = self.slurm("sbatch", "--parsable", "--partition=urgent", "--nodes=2", "--exclusive", "--wrap=sleep 3").strip()
        self.wait_for_end(urgent)
        self.assertEqual(self.state(urgent), "COMPLETED")
        self.finish(job)
        self.assertGreaterEqual(self.restarts(job), 1)

    def test_preemption_on_one_node(self):
        job = self.submit("--nodes=1")
        self.wait_for_commit()
        urgent = self.slurm("sbatch", "--parsable", "--partition=urgent", "--nodes=2", "--exclusive", "--wrap=sleep 3").strip()
        self.wait_for_end(urgent)
        self.finish(job)
        self.assertGreaterEqual(self.restarts(job), 1)

    def test_a_user_requeues_it(self):
        job = self.submit(*NODES)
        self.wait_for_commit()
        self.slurm("scontrol", "requeue", job)
        self.finish(job)
        self.assertEqual(self.restarts(job), 1)

    def test_too_few_nodes_are_a_requeue(self):
        job = self.submit("--nodes=1-2", "--export=ALL,MUSTER_MIN_NODES=2")
        self.wait_for_commit()
        self.cluster.tool("cut", "node2")
        # A loss that the run cannot survive by itself: it looks which nodes are left.
        os.kill(self.rank_0_of("node1"), signal.SIGKILL)
        self.wait_for("the requeue", lambda: self.restarts(job) == 1)
        self.cluster.tool("restore", "node2")
        self.finish(job)
        self.assertIn("1 of 2 nodes are left, without node2", self.log())

    def test_a_crash_of_rank_0s_node(self):
        job = self.submit("--nodes=1-2")
        self.wait_for_commit()
        self.lose("node1", "crash")
        self.finish(job)
        self.assertEqual(self.restarts(job), 1)
        self.assertIn("node1, where its script ran, is lost; putting the job back into the queue", self.log())


class LostNodes(SlurmTest):
    """The run goes on with the other node, in the same start of the job."""
    lasts_s = 120  # longer than mpirun needs to notice a loss
    options = ["--threads", "1"]

    def expect_it_goes_on(self, lose, is_started_again=True):
        job = self.submit("--nodes=1-2")
        self.wait_for_commit()
        lost_at = time.monotonic()
        lose()
        committed = [(lost_at, self.committed())]
        while self.state(job) in STEADY and time.monotonic() < lost_at + LIMIT_S:
            committed.append((time.monotonic(), self.committed()))
            time.sleep(0.1)
        self.finish(job)
        self.assertEqual(self.restarts(job), 0)
        if is_started_again:
            self.assertIn("on 1 of 2 nodes, without node2", self.log())
        self.tell_pauses(committed)

    def tell_pauses(self, committed):
        """The first new commit after the loss, and the longest time without one."""
        news = [committed[0], *(now for before, now in zip(committed, committed[1:]) if now[1] > before[1])]
        pauses = [later[0] - sooner[0] for sooner, later in zip(news, news[1:])]
        print(f"{self.id().rsplit('.', 1)[-1]}: the next tile was committed {pauses[0]:.1f} s after the loss; "
              f"the longest pause was {max(pauses):.1f} s", file=sys.stderr)

    def test_a_crashed_node(self):
        self.expect_it_goes_on(lambda: self.lose("node2", "crash"))

    def test_a_cut_network(self):
        self.expect_it_goes_on(lambda: self.lose("node2", "cut"))

    def test_a_killed_slurmd(self):
        def kill():
            os.kill(self.slurmd_of("node2"), signal.SIGKILL)
            self.addCleanup(self.cluster.tool, "restore", "node2")
        self.expect_it_goes_on(kill)

    def test_a_killed_node_daemon(self):
        # Slurm has nothing against that node: all ranks are started again on both.
        self.expect_it_goes_on(lambda: [os.kill(pid, signal.SIGKILL) for pid in self.processes_of("node2", "orted")], is_started_again=False)
        self.assertNotIn("without node2", self.log())

    def test_rank_0_lost_with_a_node(self):
        def kill():
            self.lose("node2", "cut")
            os.kill(self.rank_0_of("node1"), signal.SIGKILL)
        self.expect_it_goes_on(kill)


class ManyStarts(SlurmTest):
    lasts_s = 100

    def test_the_time_limit(self):
        # One rank with one thread, so that a minute is too short; Slurm may send the signal a minute early.
        job = self.submit("--nodes=1", "--time=1", "--signal=B:TERM@40",
                          arguments=[*self.job, "--out", "out.h5", "--threads", "1"])
        self.wait_for("the restart", lambda: self.restarts(job) >= 1)
        self.slurm("scontrol", "update", f"jobid={job}", "timelimit=10")
        self.finish(job)
        self.assertIn("asked to stop", self.log())

    def test_ten_requeues_in_a_row(self):
        job = self.submit(*NODES)
        tiles = 0
        for requeue in range(1, 11):
            tiles = self.wait_for_commit(beyond=tiles)
            self.slurm("scancel", "--batch", "--signal=TERM", job)
            self.wait_for(f"restart {requeue}", lambda: self.restarts(job) == requeue)
        self.finish(job)

    def test_rank_0_goes_on_cut_off_while_the_requeued_run_works(self):
        job = self.submit("--nodes=1-2", arguments=[*self.job, "--out", "out.h5", "--threads", "1"])
        self.wait_for_commit()
        self.lose("node1", "cut")
        # Held until the requeued run is at work, however long Slurm takes and however fast this machine is.
        held = self.processes_of("node1", "muster")
        self.assertGreaterEqual(len(held), 2)  # the supervisor and rank 0
        for process in held:
            os.kill(process, signal.SIGSTOP)
        before = self.committed()
        self.wait_for("the requeued run", lambda: "start 1 on node2" in self.log() and self.committed() > before)
        for process in held:
            os.kill(process, signal.SIGCONT)
        self.finish(job)
        self.assertEqual(self.restarts(job), 1)
        self.assertNotIn("already done", self.log())


if __name__ == "__main__":
    unittest.main()
