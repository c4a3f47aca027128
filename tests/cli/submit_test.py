#!/usr/bin/env python3
"""muster submit from outside, with a pretended Slurm: what it hands to sbatch, what the script then does."""
import os
import re
import subprocess
import unittest

from muster import BINARY, JOB, SOURCE, MusterTest

# Stands in for sinfo, sbatch, scontrol, mpirun: says what a test wants and notes how it was called.
SINFO = "#!/bin/sh\nprintf '64|257000|gpu:a100:8(S:0-1)\\n48|128000|gpu:4\\n'\n"
SBATCH = "#!/bin/sh\ncat >sent.sbatch\necho \"$@\" >sbatch.words\necho '17;cluster'\n"
REFUSING = "#!/bin/sh\necho 'sbatch: error: invalid account' >&2\nexit 1\n"
SCONTROL = """#!/bin/sh
if [ "$1" = show ]; then cat shown 2>/dev/null; exit 0; fi
echo "$@" >>scontrol.words
[ ! -e refusal ] || { cat refusal >&2; exit 1; }
"""
# The real one, outside of the pretended job.
MPIRUN = """#!/bin/bash
unset ${!SLURM_*}
exec /usr/bin/mpirun --oversubscribe --allow-run-as-root "$@"
"""
# A launcher whose ranks are lost before they have begun.
LOST = "#!/bin/sh\nkill -9 $$\n"
FIRST = ["--set", "simulation.paths=65536", "--set", "simulation.tile_paths=1024"]


class Submit(MusterTest):
    def setUp(self):
        super().setUp()
        self.tools = self.folder / "tools"
        self.tools.mkdir()
        for name, text in (("sinfo", SINFO), ("sbatch", SBATCH), ("scontrol", SCONTROL), ("mpirun", MPIRUN)):
            self.tool(name, text)

    def tool(self, name, text):
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def environment(self, extra):
        path = f"{self.tools}:/usr/bin:/bin"
        return super().environment({"PATH": path, **extra})

    def script(self, *arguments):
        return self.succeed("submit", *arguments, "--dry-run").out

    def option(self, script, name):
        found = re.search(rf"^#SBATCH {name}=(.*)$", script, re.MULTILINE)
        return found and found.group(1)

    def run_script(self, script, **variables):
        """The script as Slurm would run it: from a copy, in the folder of the submission."""
        (self.folder / "slurm_script").write_text(script)
        environment = self.environment({"SLURM_JOB_ID": "17", "SLURM_JOB_NUM_NODES": "1", "SLURM_JOB_PARTITION": "main", **variables})
        return subprocess.run(["bash", "slurm_script"], cwd=self.folder, env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)

    def test_asks_for_the_partitions_least_node(self):
        script = self.script(JOB, "--nodes", "2-4", "--partition", "gpu")
        self.assertEqual(self.option(script, "--nodes"), "2-4")
        self.assertEqual(self.option(script, "--ntasks-per-node"), "4")
        self.assertEqual(self.option(script, "--cpus-per-task"), "12")
        self.assertEqual(self.option(script, "--gpus-per-node"), "4")
        self.assertTrue(16384 <= int(self.option(script, "--mem").removesuffix("M")) < 18000, script)
        self.assertEqual(self.option(script, "--time"), None)  # of which GPUs they are Slurm says nothing
        self.assertFalse((self.folder / "sbatch.words").exists())

    def test_plans_for_a_machine_that_is_named(self):
        script = self.script(JOB, "--on", "16 nodes x 8x H100")
        self.assertEqual(self.option(script, "--nodes"), "16")
        self.assertEqual(self.option(script, "--ntasks-per-node"), "8")
        self.assertTrue(32768 <= int(self.option(script, "--mem").removesuffix("M")) < 36000, script)
        self.assertEqual(self.option(script, "--time"), "0-00:15:00")

    def test_asks_for_the_time_and_memory_that_are_expected(self):
        cores = ["--gpus-per-node", "0", "--cpus-per-task", "8"]
        script = self.script(JOB, *cores)
        self.assertEqual(self.option(script, "--time"), "0-00:15:00")
        self.assertTrue(1024 <= int(self.option(script, "--mem").removesuffix("M")) < 2048, script)
        hours = self.script(JOB, *cores, "--set", "simulation.paths=17179869184")
        self.assertGreater(self.option(hours, "--time"), "0-01:00:00")
        self.tool("sinfo", "#!/bin/sh\ncase $2 in *P*) echo 'main*|30:00';; *) echo '64|257000|(null)';; esac\n")
        self.assertEqual(self.option(self.script(JOB, *cores, "--set", "simulation.paths=17179869184"), "--time"), "0-00:30:00")
        self.assertEqual(self.option(self.script(JOB, *cores, "--time", "7", "--mem", "3GiB"), "--time"), "0-00:07:00")
        self.assertEqual(self.option(self.script(JOB, *cores, "--time", "7", "--mem", "3GiB"), "--mem"), "3072M")

    def test_json_has_the_script(self):
        told = self.succeed("submit", JOB, "--dry-run", "--json").json()
        self.assertEqual(told["script"], self.script(JOB))

    def test_hands_the_script_to_sbatch_and_keeps_it(self):
        ran = self.succeed("submit", JOB, "--keep", "kept.sbatch")
        self.assertIn("job      17\n", ran.out)
        sent = (self.folder / "sent.sbatch").read_text()
        self.assertEqual(sent, (self.folder / "kept.sbatch").read_text())
        self.assertEqual((self.folder / "sbatch.words").read_text(), "--parsable\n")
        self.succeed("submit", JOB, "--test-only")
        self.assertEqual((self.folder / "sbatch.words").read_text(), "--test-only\n")

    def test_what_cannot_be_submitted_is_told_before(self):
        self.refuse(2, ["--nodes 0", "write 4, or 2-8"], "submit", JOB, "--nodes", "0")
        self.refuse(2, ["--time soon", "e.g. 2:30:00"], "submit", JOB, "--time", "soon")
        self.refuse(2, ["--account", "check its spelling"], "submit", JOB, "--account", "a\n#SBATCH --uid=0")
        self.refuse(2, ["--partition"], "submit", JOB, "--partition=-x")
        self.refuse(2, ["--constraint"], "submit", JOB, "--constraint", "a b")
        self.refuse(2, ["--gpus-per-node 8 (the nodes have 4"], "submit", JOB, "--gpus-per-node", "8")
        self.refuse(2, ["--gpus-per-node x", "must be a number"], "submit", JOB, "--gpus-per-node", "x")
        self.refuse(2, ["--mem 12 parsecs", "write e.g. 64GiB"], "submit", JOB, "--mem", "12 parsecs")
        self.refuse(2, ["--launcher rsh", "must be mpirun or srun"], "submit", JOB, "--launcher", "rsh")
        self.refuse(2, ["--commit-interval 0 "], "submit", JOB, "--commit-interval", "0")
        self.refuse(2, ["nix.toml"], "submit", "nix.toml")
        self.refuse(2, ["--out with 2 job files"], "submit", JOB, JOB, "--out", "a.h5")
        self.refuse(2, ["both write", "one would lose its result"], "submit", JOB, JOB)
        self.refuse(3, ["nix/kept", "choose another --keep"], "submit", JOB, "--keep", "nix/kept")
        self.assertFalse((self.folder / "sbatch.words").exists())

    def test_sbatchs_refusal_is_told(self):
        self.tool("sbatch", REFUSING)
        self.refuse(3, ["sbatch refused the job: sbatch: error: invalid account", "nothing was submitted"], "submit", JOB)

    def test_without_slurm_it_says_where_to_go(self):
        for name in ("sinfo", "sbatch"):
            (self.tools / name).unlink()
        nowhere = {"PATH": str(self.tools)}
        self.refuse(2, ["add --cpus-per-task N, or --on"], "submit", JOB, env=nowhere)
        self.refuse(3, ["sbatch was not found", "from a login node"], "submit", JOB, "--cpus-per-task", "4", env=nowhere)

    def test_the_script_runs_the_job(self):
        ran = self.run_script(self.script(JOB, *FIRST, "--out", "a.h5"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        alone = self.run_small("alone.h5")
        self.assertEqual(self.succeed("status", "a.h5", "--json").json()["result_digest"], alone["result_digest"])
        self.assertFalse((self.folder / "a.h5.starts").exists())

    def test_another_jobs_result_is_refused(self):
        self.run_small("a.h5", "--set", "seed=2")
        ran = self.run_script(self.script(JOB, *FIRST, "--out", "a.h5"))
        self.assertEqual(ran.returncode, 2, ran.stderr)
        self.assertIn("holds the result of another job", ran.stderr)
        self.assertFalse((self.folder / "scontrol.words").exists())

    def test_hostile_paths_stay_one_word(self):
        for name in ("a b.toml", "-x.toml", "it's \"$(touch evil)\" `touch evil`.toml", "new\nline.toml", "*;#&|.toml"):
            with self.subTest(name=name):
                (self.folder / name).write_text((SOURCE / "examples" / "price_european.toml").read_text())
                out = name[:-5] + ".h5"
                script = self.script(*FIRST, "--out=./" + out, "./" + name)
                ran = self.run_script(script)
                self.assertEqual(ran.returncode, 0, ran.stderr)
                self.assertTrue((self.folder / out).exists())
                self.assertFalse((self.folder / "evil").exists())

    def test_an_array_takes_its_tasks_job(self):
        for name in ("one", "two"):
            text = (SOURCE / "examples" / "price_european.toml").read_text()
            (self.folder / f"{name}.toml").write_text(re.sub(r'^name = .*$', f'name = "{name}"', text, count=1, flags=re.MULTILINE))
        script = self.script("one.toml", "two.toml", *FIRST)
        self.assertEqual(self.option(script, "--array"), "0-1")
        ran = self.run_script(script, SLURM_ARRAY_JOB_ID="17", SLURM_ARRAY_TASK_ID="1")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertTrue((self.folder / "two.h5").exists())
        self.assertFalse((self.folder / "one.h5").exists())

    def test_an_array_requeues_its_task(self):
        self.tool("mpirun", LOST)
        script = self.script(JOB, "--out", "a.h5")
        self.run_script(script.replace("sleep 60", "true"), SLURM_ARRAY_JOB_ID="17", SLURM_ARRAY_TASK_ID="0")
        self.assertEqual((self.folder / "scontrol.words").read_text(), "requeue 17_0\n")

    def test_a_fault_of_the_machine_is_tried_once_more(self):
        self.tool("mpirun", LOST)
        script = self.script(JOB, "--out", "a.h5").replace("sleep 60", "true")
        self.assertEqual(self.run_script(script).returncode, 75)
        ran = self.run_script(script)
        self.assertEqual(ran.returncode, 3)
        self.assertIn("came to nothing", ran.stderr)
        self.assertEqual((self.folder / "scontrol.words").read_text(), "requeue 17\n")

    def test_two_starts_without_a_commit_are_enough(self):
        self.tool("killed", f'#!/bin/sh\n[ "$1" = run ] && kill -9 $$\nexec {BINARY} "$@"\n')
        script = self.script(JOB, "--out", "a.h5").replace("sleep 60", "true").replace(f"muster={BINARY}", "muster=killed")
        self.assertEqual(self.run_script(script).returncode, 75)
        ran = self.run_script(script)
        self.assertEqual(ran.returncode, 75)
        self.assertIn("two starts without a new commit", ran.stderr)
        self.assertIn(f"{BINARY} submit ", ran.stderr)
        self.assertEqual((self.folder / "scontrol.words").read_text(), "requeue 17\n")
        # Another job with the same output counts from one.
        self.run_script(script, SLURM_JOB_ID="18")
        self.assertEqual((self.folder / "scontrol.words").read_text(), "requeue 17\nrequeue 18\n")

    def test_a_job_that_slurm_has_requeued_is_left_to_it(self):
        self.tool("mpirun", LOST)
        (self.folder / "refusal").write_text("Job is pending execution for job 17\n")
        ran = self.run_script(self.script(JOB, "--out", "a.h5").replace("sleep 60", "true"))
        self.assertEqual(ran.returncode, 75)
        self.assertIn("back in the queue", ran.stderr)

    def test_a_start_that_was_cut_off_does_not_requeue_the_next_one(self):
        self.tool("mpirun", LOST)
        (self.folder / "shown").write_text("JobId=17 JobName=x\n   Requeue=1 Restarts=2 BatchFlag=2\n")
        script = self.script(JOB, "--out", "a.h5").replace("sleep 60", "true")
        ran = self.run_script(script, SLURM_RESTART_COUNT="1")
        self.assertEqual(ran.returncode, 75)
        self.assertIn("runs it elsewhere", ran.stderr)
        self.assertFalse((self.folder / "scontrol.words").exists())
        self.run_script(script, SLURM_JOB_ID="18", SLURM_RESTART_COUNT="2")
        self.assertEqual((self.folder / "scontrol.words").read_text(), "requeue 18\n")

    def test_where_slurm_does_not_requeue_it_says_how_to_go_on(self):
        self.tool("mpirun", LOST)
        (self.folder / "refusal").write_text("Requested operation is presently disabled for job 17\n")
        ran = self.run_script(self.script(JOB, "--out", "a b.h5", "--nodes", "2"))
        self.assertEqual(ran.returncode, 75)
        self.assertIn("Slurm does not requeue this job (Requested operation is presently disabled", ran.stderr)
        line = ran.stderr.split("last save: ", 1)[1].strip()
        again = self.run_script(f"{line} --dry-run")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.option(again.stdout, "--nodes"), "2")
        self.assertIn("a b.h5'", again.stdout)

    def test_the_run_may_go_on_with_as_few_nodes_as_were_asked_for(self):
        self.tool("muster-says", "#!/bin/sh\n[ \"$1\" != run ] || echo \"least $MUSTER_MIN_NODES\"\n")
        for nodes, least in (("3-8", 3), ("2", 2)):
            script = self.script(JOB, "--nodes", nodes)
            self.assertIn("#SBATCH --no-kill\n", script)
            self.assertIn(f"least {least}\n", self.run_script(script.replace(f"muster={BINARY}", "muster=muster-says")).stdout)

    def test_other_nodes_look_after_the_scripts_own(self):
        # srun here is the other nodes, and has the job's record as it is once node1 is lost.
        self.tool("srun", """#!/bin/bash
if [ "$1" = --help ]; then cat srun.help; exit; fi
while [ "$1" != bash ]; do echo "$1" >>srun.words; shift; done
SLURM_PROCID=0 exec "$@"
""")
        self.tool("sleep", "#!/bin/sh\nexec /bin/sleep 0.2\n")
        self.tool("scontrol", """#!/bin/bash
case "$*" in
  "show hostnames node2") echo node2 ;;
  "--oneliner show job 17") echo "JobId=17 JobState=RUNNING Reason=None ReqNodeList=(null) NodeList=node2 BatchHost=node1 NumNodes=1" ;;
  requeue*) echo "$@" >>scontrol.words ;;
esac
""")
        self.tool("muster-waits", "#!/bin/bash\nif [ \"$1\" = run ]; then while [ ! -e scontrol.words ]; do /bin/sleep 0.05; done; fi\n")
        script = self.script(JOB, "--out", "a.h5").replace(f"muster={BINARY}", "muster=muster-waits")
        (self.folder / "srun.help").write_text("  --overlap  share\n")
        ran = self.run_script(f"exec 2>>job.log\n{script}", SLURM_JOB_NUM_NODES="3")
        self.assertEqual(ran.returncode, 0, (self.folder / "job.log").read_text())
        self.assertEqual((self.folder / "scontrol.words").read_text().splitlines()[0], "requeue 17")
        self.assertIn("job 17: node1, where its script ran, is lost; putting the job back into the queue", (self.folder / "job.log").read_text())
        self.assertIn("--nodes=2\n", (self.folder / "srun.words").read_text())
        (self.folder / "srun.help").write_text("  --share\n")
        ran = self.run_script(script, SLURM_JOB_NUM_NODES="3")
        self.assertIn("this srun has no --overlap, so no other node can look after this one: should it be lost, requeue the job by hand",
                      ran.stderr)

    def test_srun_where_mpirun_does_not_know_slurm(self):
        script = self.script(JOB, *FIRST)
        self.tool("srun", MPIRUN.replace('"$@"', '"${@:4}"'))  # --mpi, --kill-on-bad-exit and --gpu-bind are srun's
        for plugins, launcher in (("mca:plm:rsh:version", "srun"), ("mca:plm:rsh:version\\nmca:plm:slurm:version", "mpirun"), ("", "mpirun")):
            with self.subTest(plugins=plugins):
                self.tool("ompi_info", f"#!/bin/sh\nprintf '{plugins}\\n'\n")
                ran = self.run_script(script)
                self.assertIn(f"with {launcher}, result", ran.stderr)
                self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("with srun", self.run_script(self.script(JOB, *FIRST, "--launcher", "srun")).stderr)

    def test_the_script_by_hand(self):
        hand = (SOURCE / "slurm" / "muster.sbatch").read_text()
        called = f"set -- {JOB} {' '.join(FIRST)}\nMUSTER={BINARY}\n" + hand
        ran = self.run_script(called)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertTrue((self.folder / "price_european.h5").exists())
        for words, code, part in (("", 2, "no job file"), (f"{JOB} --fresh", 2, "--fresh in a batch job")):
            ran = self.run_script(f"set -- {words}\nMUSTER={BINARY}\n" + hand)
            self.assertEqual(ran.returncode, code)
            self.assertIn(part, ran.stderr)
        ran = self.run_script(f"set -- {JOB}\nMUSTER=muster-nowhere\n" + hand)
        self.assertEqual(ran.returncode, 3)
        self.assertIn("set MUSTER to the binary's path", ran.stderr)
        ran = self.run_script(f"set -- {JOB}\nMUSTER={BINARY}\nMUSTER_LAUNCHER=rsh\n" + hand)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("must be mpirun, srun", ran.stderr)
        ran = self.run_script(f"set -- {JOB}\nunset SLURM_JOB_ID\n" + hand)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("this is no Slurm job", ran.stderr)


if __name__ == "__main__":
    unittest.main()
