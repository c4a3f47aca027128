"""Machines for tests: namespaces of this one, joined by a cable, each with host name, processes, /tmp and /dev/shm of its own."""
import atexit
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

NOT_APPLICABLE = 77
NETWORK = "10.231.78"
KINDS = ["net", "uts", "ipc", "mnt", "pid"]

# mpirun's agent: HOST COMMAND... there, as ssh would run it. A host sees no process of another, so the program that
# made the hosts does it, with this one's input and output.
AGENT = """#!/usr/bin/env python3
import socket, sys
ask = socket.socket(socket.AF_UNIX)
ask.connect("{folder}/agent.socket")
socket.send_fds(ask, ["\\0".join([sys.argv[1], " ".join(sys.argv[2:])]).encode()], [0, 1, 2])
sys.exit(int(ask.recv(16) or b"255"))
"""
# The first process of a host: all others of it end with it.
KEEPER = ('hostname "$1" && mount --bind "$0/hosts" /etc/hosts && mount -t tmpfs -o mode=1777,size=256m tmpfs /tmp && '
          'mount -t tmpfs -o mode=1777,size=1g tmpfs /dev/shm && ip link set lo up && : >"$0/$1.up" && while :; do sleep infinity & wait; done')


class Hosts:
    """host1, host2, ... until the program ends."""

    def __init__(self, count):
        if why := self.why_not():
            print(f"not applicable: {why}", file=sys.stderr)
            sys.exit(NOT_APPLICABLE)
        self.names = [f"host{number + 1}" for number in range(count)]
        # Outside /tmp, of which each host has its own.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-hosts-", dir="/var/tmp"))
        self.keepers = {}
        self.parents = []  # of the keepers, in the same network
        atexit.register(self.down)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # atexit would not be heard
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n" + "".join(
            f"{NETWORK}.{number + 1} {name}\n" for number, name in enumerate(self.names)))
        self.agent = self.folder / "agent"
        self.agent.write_text(AGENT.format(folder=self.folder))
        self.agent.chmod(0o755)
        for name in self.names:
            self.boot(name)
        self.plug_in()
        self.serve()
        self.networks = {os.stat(f"/proc/{pid}/ns/net").st_ino for pid in self.keepers.values()}

    @staticmethod
    def why_not():
        if os.geteuid() != 0:
            return "this is not root (making a network and mounting need root)"
        if missing := [tool for tool in ("ip", "unshare", "nsenter", "setpriv") if not shutil.which(tool)]:
            return f"{missing[0]} is not installed; run: scripts/setup slurm"
        if subprocess.run(["unshare", "--net", "--pid", "--fork", "ip", "link", "add", "x", "type", "veth", "peer", "name", "y"],
                          capture_output=True, check=False).returncode != 0:
            return "this machine permits no namespaces, or has no veth"
        return ""

    def boot(self, name):
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net", "--uts", "--ipc", "--mount", "--pid",
                                    "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "sh", "-c", KEEPER, self.folder, name],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.parents.append(process)
        # It also takes leave of processes whose parents are gone.
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 10
        while not (found := children.read_text().split()) or not (self.folder / f"{name}.up").exists():
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"{name} does not start")
            time.sleep(0.01)
        self.keepers[name] = int(found[0])

    def serve(self):
        """Answers the agents, each in a thread."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / "agent.socket"))
        listener.listen(16)

        def accept():
            while True:
                threading.Thread(target=self.answer, args=(listener.accept()[0],), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()

    def answer(self, asked):
        words, files, _, _ = socket.recv_fds(asked, 1 << 20, 3)
        name, command = words.decode().split("\0", 1)
        process = subprocess.Popen([*self.on(name), "sh", "-c", command], stdin=files[0], stdout=files[1], stderr=files[2],
                                   start_new_session=True)
        for file in files:
            os.close(file)
        try:
            asked.sendall(str(process.wait()).encode())
        except OSError:
            pass  # the agent was killed

    def on(self, name):
        return ["nsenter", "--target", str(self.keepers[name]), *(f"--{kind.replace('mnt', 'mount')}" for kind in KINDS)]

    def plug_in(self):
        """All cables end in a bridge on the first host."""
        first = self.names[0]
        network = ["nsenter", "--target", str(self.keepers[first]), "--net", "ip"]
        run = lambda words: subprocess.run(words, check=True)
        run([*network, "link", "add", "eth0", "type", "bridge"])
        run([*network, "addr", "add", f"{NETWORK}.1/24", "dev", "eth0"])
        run([*network, "link", "set", "eth0", "up"])
        for number, name in enumerate(self.names[1:], start=2):
            there = ["nsenter", "--target", str(self.keepers[name]), "--net", "ip"]
            run([*network, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(self.keepers[name])])
            run([*network, "link", "set", name, "master", "eth0", "up"])
            run([*there, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0"])
            run([*there, "link", "set", "eth0", "up"])

    def mpi_options(self, ranks, pml):
        """For MUSTER_MPI_OPTIONS: the ranks shared evenly, messages between hosts over the cable alone."""
        shares = [ranks // len(self.names) + (number < ranks % len(self.names)) for number in range(len(self.names))]
        hosts = ",".join(f"{name}:{share}" for name, share in zip(self.names, shares) if share)
        transport = "--mca pml ob1 --mca btl self,vader,tcp" if pml == "ob1" else "--mca pml ucx"
        return (f"--host {hosts} --mca plm_rsh_agent {self.agent} --mca plm rsh --mca btl_tcp_if_include eth0 "
                f"--mca oob_tcp_if_include eth0 --mca btl_vader_single_copy_mechanism none {transport}")

    def pids(self):
        """All processes of the hosts but the first ones."""
        found = []
        first = {*self.keepers.values(), *(parent.pid for parent in self.parents)}
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{process}/ns/net").st_ino in self.networks and int(process) not in first:
                    found.append(int(process))
            except OSError:
                pass  # gone meanwhile
        return found

    def down(self):
        for parent in self.parents:
            parent.kill()  # and with it the host's first process
            parent.wait()
        self.keepers = {}
        shutil.rmtree(self.folder, ignore_errors=True)
