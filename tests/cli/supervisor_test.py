#!/usr/bin/env python3
"""Ranks as processes under a supervisor: losses, stops, one answer."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import time
import unittest

from muster import JOB, SMALL, MusterTest

LONG = ["run", JOB, "--set", "simulation.paths=4194304", "--set", "simulation.tile_paths=4096", "--threads", "1",
        "--device", "cpu", "--commit-interval", "0.05", "--quiet"]

ENDLESS_PATHS = 1 << 36  # more than is computed before it is told to stop


def ranks_of(process):
    """rank -> pid, by the mark in the environment."""
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        try:
            entries = (folder / "environ").read_text(errors="replace").split("\0") if folder.name.isdigit() else []
        except OSError:
            continue
        if any(entry.startswith(f"MUSTER_SUPERVISOR={process.pid}.") for entry in entries):
            found.update({int(entry.split("=")[1]): int(folder.name) for entry in entries
                          if entry.startswith("OMPI_COMM_WORLD_RANK=")})
    return found


def parent_of(pid):
    """Its launcher, for a rank of this machine."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def sessions_of(process):
    """Folders of mpirun's files, of all starts."""
    return list(pathlib.Path(os.environ.get("TMPDIR") or "/tmp").glob(f"muster-mpi-{process.pid}.*"))


class Supervised(MusterTest):
    undisturbed = None

    def digest_of_long(self):
        if Supervised.undisturbed is None:
            Supervised.undisturbed = self.succeed(*LONG, "--out", "whole.h5", "--json").json()["result_digest"]
        return Supervised.undisturbed

    def launch(self, *arguments, ranks=3):
        return self.start(*arguments, "--launcher", "mpirun", "--ranks", ranks, "--json")

    def expect_the_answer(self, process):
        out, err = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(self.one_value(out)["result_digest"], self.digest_of_long())
        self.assertEqual(ranks_of(process), {})
        self.assertEqual(sessions_of(process), [])
        return err

    @staticmethod
    def one_value(out):
        return json.loads(out)

    def test_ranks_are_processes_and_the_answer_is_the_same(self):
        alone = self.run_small("alone.h5")
        told = self.run_small("a.h5", "--launcher", "mpirun", "--ranks", "2")
        self.assertEqual(told["result_digest"], alone["result_digest"])
        self.assertEqual(told["ranks"], 2)

    def test_a_killed_worker_costs_its_leases_alone(self):
        process = self.launch(*LONG, "--out", "a.h5")
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        os.kill(ranks_of(process)[1], signal.SIGKILL)
        err = self.expect_the_answer(process)
        self.assertIn("rank 1", err)
        self.assertIn("is lost: it was killed by signal 9", err)
        self.assertNotIn("starting the ranks again", err)

    def test_a_stopped_worker_holds_nobody_up_and_is_ended(self):
        process = self.launch(*LONG, "--out", "a.h5")
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        os.kill(ranks_of(process)[2], signal.SIGSTOP)
        err = self.expect_the_answer(process)
        self.assertIn("it is stopped", err)

    def test_a_rank_0_that_is_killed_while_it_tells_the_result_leaves_one_whole_answer(self):
        for pause_s in (0, 0.002, 0.005, 0.01):
            process = self.launch(*LONG, "--out", "told.h5", "--fresh")
            self.wait_for("ranks", lambda: 0 in ranks_of(process))
            root = ranks_of(process)[0]
            while not (self.folder / "told.h5").exists() and process.poll() is None:
                time.sleep(0.0005)
            time.sleep(pause_s)
            with contextlib.suppress(ProcessLookupError):
                os.kill(root, signal.SIGKILL)
            self.expect_the_answer(process)
            (self.folder / "told.h5").unlink()

    def test_a_killed_rank_0_is_started_again_from_the_last_save(self):
        process = self.launch(*LONG, "--out", "a.h5")
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        os.kill(ranks_of(process)[0], signal.SIGKILL)
        err = self.expect_the_answer(process)
        self.assertIn("rank 0 was killed by signal 9; starting the ranks again from the last save", err)

    def test_a_rank_0_that_leaves_an_mpi_that_does_not_come_back_is_started_again(self):
        # Of the first start there is a rank 0 alone, which ends as its watch would end it.
        tools = self.folder / "tools"
        tools.mkdir()
        mpirun = tools / "mpirun"
        mpirun.write_text(f"""#!/bin/sh
if [ "$1" = --version ] || [ -e '{tools}/begun' ]; then exec '{shutil.which("mpirun")}' "$@"; fi
: >'{tools}/begun'
OMPI_COMM_WORLD_RANK=0 sh -c 'sleep 0.5; exit 75' &
sleep 1.5
""")
        mpirun.chmod(0o755)
        process = self.start(*LONG, "--out", "a.h5", "--launcher", "mpirun", "--ranks", 2, "--json",
                             env={"PATH": f"{tools}:{os.environ['PATH']}"})
        err = self.expect_the_answer(process)
        self.assertIn("starting the ranks again from the last save", err)

    def launch_with_words_on_stderr(self, words, *arguments):
        """A rank of the first start says so; the ranks are real."""
        tools = self.folder / "tools"
        tools.mkdir()
        mpirun = tools / "mpirun"
        mpirun.write_text(f"""#!/bin/sh
if [ "$1" != --version ]; then
  echo "$MUSTER_LOST_GPUS, $(echo "$*" | grep -c -e '-x MUSTER_LOST_GPUS')" >>starts
  [ -e begun ] || echo "{words}" >&2
  : >begun
fi
exec '{shutil.which("mpirun")}' "$@"
""")
        mpirun.chmod(0o755)
        return self.start(*LONG, *arguments, "--out", "a.h5", "--launcher", "mpirun", "--ranks", 2, "--json",
                          env={"PATH": f"{tools}:{os.environ['PATH']}"})

    def test_a_gpu_that_a_rank_has_lost_is_kept_from_the_next_start(self):
        uuid = "GPU-8f1b2c3d-0000-1111-2222-333344445555"
        process = self.launch_with_words_on_stderr(f"12:00:00 warning [rank 1 a] {uuid} is lost to its process (a sticky CUDA error)")
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        for pid in ranks_of(process).values():
            os.kill(pid, signal.SIGKILL)
        err = self.expect_the_answer(process)
        self.assertRegex(err, rf"starting the ranks again from the last save \(\d+ tiles committed\), without {uuid}")
        self.assertEqual((self.folder / "starts").read_text(), f", 0\n{uuid}, 1\n")

    def launch_in_an_allocation(self, answering, **variables):
        """Two nodes as far as Slurm's variables say; its commands say which of them answer. All ranks are here in truth."""
        tools = self.folder / "tools"
        tools.mkdir()
        for name, text in (
                ("scontrol", '#!/bin/sh\n[ "$3" = "node[1-2]" ] && printf "node1\\nnode2\\n"\n'),
                ("squeue", '#!/bin/sh\necho "17 node[1-2]"\n'),
                ("srun", f'#!/bin/sh\nprintf "{answering}"\n'),
                ("mpirun", f"""#!/bin/bash
unset ${{!SLURM_*}}
words=()
while [ $# -gt 0 ]; do
  if [ "$1" = --host ]; then echo "$2" >>hosts; shift; else words+=("$1"); fi
  shift
done
exec '{shutil.which("mpirun")}' --oversubscribe "${{words[@]}}"
""")):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        slurm = {"SLURM_JOB_ID": "17", "SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_NODELIST": "node[1-2]", "SLURMD_NODENAME": "node1",
                 "SLURM_TASKS_PER_NODE": "2(x2)"}
        process = self.start(*LONG, "--out", "a.h5", "--launcher", "mpirun", "--ranks", 3, "--json",
                             env={"PATH": f"{tools}:{os.environ['PATH']}", **slurm, **variables})
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        return process

    def test_after_a_loss_the_ranks_start_on_the_nodes_that_are_left(self):
        process = self.launch_in_an_allocation("node1\\n")
        os.kill(ranks_of(process)[0], signal.SIGKILL)
        err = self.expect_the_answer(process)
        self.assertRegex(err, r"rank 0 was killed by signal 9; starting the ranks again from the last save \(\d+ tiles committed\) "
                              "on 1 of 2 nodes, without node2")
        self.assertEqual((self.folder / "hosts").read_text(), "node1:2\n")

    def test_with_too_few_nodes_left_it_ends_to_be_requeued(self):
        process = self.launch_in_an_allocation("node1\\n", MUSTER_MIN_NODES="2")
        os.kill(ranks_of(process)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertIn("1 of 2 nodes are left, without node2 (MUSTER_MIN_NODES = 2: with fewer the run is not to go on); it goes on from the "
                      "last save when it is requeued or run again", self.one_value(out)["error"]["message"])

    def test_ranks_that_the_launcher_ends_for_a_lost_node_are_started_again(self):
        process = self.launch_in_an_allocation("node1\\n")
        os.kill(ranks_of(process)[0], signal.SIGTERM)
        err = self.expect_the_answer(process)
        self.assertIn("the launcher ended the ranks when a node was lost; starting the ranks again", err)

    def test_ranks_that_somebody_ends_while_all_nodes_answer_stay_ended(self):
        process = self.launch_in_an_allocation("node1\\nnode2\\n")
        os.kill(ranks_of(process)[0], signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)

    def test_ranks_that_mpirun_ends_unasked_are_started_again(self):
        # Half a minute would pass between mpirun's first sign to its ranks and its SIGTERM.
        tools = self.folder / "tools"
        tools.mkdir()
        mpirun = tools / "mpirun"
        mpirun.write_text(f"""#!/bin/bash
words=()
for word; do
  if [ "$last" = odls_base_sigkill_timeout ]; then word=5; fi
  words+=("$word")
  last=$word
done
exec '{shutil.which("mpirun")}' "${{words[@]}}"
""")
        mpirun.chmod(0o755)
        process = self.start(*LONG, "--set", f"simulation.paths={ENDLESS_PATHS}", "--out", "a.h5", "--launcher", "mpirun", "--ranks", 3,
                             "--json", env={"PATH": f"{tools}:{os.environ['PATH']}"})
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        first = ranks_of(process)[0]
        os.kill(parent_of(first), signal.SIGTERM)
        self.wait_for("the next start", lambda: ranks_of(process).get(0, first) != first)
        before = self.committed("a.h5")
        self.wait_for("its first commit", lambda: self.committed("a.h5") > before)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertRegex(err, r"the launcher ended the ranks, unasked; starting the ranks again from the last save \([1-9]\d* tiles committed\)")

    def test_a_rank_that_is_stopped_while_mpi_starts_holds_nobody_up(self):
        process = self.launch(*LONG, "--out", "a.h5")
        self.wait_for("a rank", lambda: 1 in ranks_of(process))
        os.kill(ranks_of(process)[1], signal.SIGSTOP)
        err = self.expect_the_answer(process)
        # The second where it was too late for the first.
        self.assertRegex(err, "while the ranks were starting, one was stopped by somebody|it is stopped")

    def test_fresh_starts_over_once(self):
        self.run_small("a.h5")
        process = self.launch(*LONG, "--out", "a.h5", "--fresh")
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        os.kill(ranks_of(process)[0], signal.SIGKILL)
        self.expect_the_answer(process)

    def test_a_signal_stops_the_run_in_good_order(self):
        process = self.launch(*LONG, "--out", "a.h5")
        self.wait_for("a commit", lambda: self.committed("a.h5") > 0)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertEqual(self.one_value(out)["verdict"], "stopped")
        self.expect_the_answer(self.launch(*LONG, "--out", "a.h5", ranks=2))

    def test_faults_are_told_once_before_anything_starts(self):
        two = ["run", JOB, "--launcher", "mpirun", "--ranks", "2", "--out", "x.h5"]
        for code, parts, arguments, variables in (
                (2, ["nix.toml"], ["run", "nix.toml", "--launcher", "mpirun"], None),
                (2, ["--launcher qsub", "mpirun, srun or none"], ["run", JOB, "--launcher", "qsub"], None),
                (2, ["MUSTER_MIN_NODES = none", "set it to a whole number from 1"], two, {"MUSTER_MIN_NODES": "none"}),
                (3, ["mpirun cannot be started"], two, {"PATH": "/nowhere"})):
            with self.subTest(arguments=arguments):
                self.refuse(code, parts, *arguments, env=variables)


if __name__ == "__main__":
    unittest.main()
