"""A real Slurm of two nodes with one CPU each on this machine, every port on 127.0.0.1."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

PROGRAMS: Final = ("munged", "slurmctld", "slurmd", "sbatch")
NODES: Final = ("node1", "node2")
_PATIENCE_S: Final = 120.0
_CONFIGURATION: Final = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=1
MpiDefault=none
ReturnToService=2
SlurmdTimeout=6
KillWait=2
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
NodeName=node[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports[1]}-{ports[2]}] CPUs=1 State=UNKNOWN
PartitionName=cpu Nodes=node[1-2] Default=YES MaxTime=INFINITE State=UP
"""
"""A node whose daemon does not answer for six seconds counts as down, instead of the usual five minutes."""


def is_installed() -> bool:
    """Tell whether all programs are here."""
    return all(_program(name) for name in PROGRAMS)


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


class SlurmCluster:
    """The daemons, each a child of this process, and what there is to know of their jobs."""

    def __init__(self, folder: Path) -> None:
        """Write the configuration; nothing is started."""
        self.folder = folder
        self.configuration = folder / "slurm.conf"
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        host = socket.gethostname().split(".")[0]
        text = _CONFIGURATION.format(host=host, folder=folder, user=getpass.getuser(), ports=_free_ports())
        self.configuration.write_text(text)
        (folder / "state").mkdir()

    def start(self) -> None:
        """Start the daemons and wait until both nodes take jobs."""
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        files = {name: self.folder / f"munge.{name}" for name in ("socket", "pid", "log", "seed")}
        self._spawn(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={files['socket']}",
            f"--pid-file={files['pid']}", f"--log-file={files['log']}", f"--seed-file={files['seed']}",
        )  # fmt: skip
        self._wait(files["socket"].exists, "munged makes its socket")
        self._spawn("slurmctld", "-D", "-c")
        for node in NODES:
            self.start_node(node)
        self._wait(lambda: self._states() == ["idle", "idle"], "both nodes are idle")

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        (self.folder / f"spool-{node}").mkdir(exist_ok=True)
        self._spawn("slurmd", "-D", "-N", node)

    def kill_node(self, node: str) -> None:
        """Kill the daemon of a node and all that it has started, as when the machine loses its power."""
        daemon = self._daemons.pop(f"slurmd {node}")
        daemon.kill()
        daemon.wait()
        for process in _processes_of(self.configuration):
            with suppress(psutil.Error):
                if process.environ().get("SLURMD_NODENAME") == node:
                    process.kill()

    def stop(self) -> None:
        """End all daemons, and every process that runs under this configuration."""
        for daemon in self._daemons.values():
            daemon.kill()
            daemon.wait()
        self._daemons.clear()
        while processes := _processes_of(self.configuration):
            for process in processes:
                with suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(processes, timeout=1)

    def call(self, *command: str, script: str = "") -> str:
        """Run one of Slurm's commands and return what it prints."""
        done = subprocess.run(command, input=script, capture_output=True, text=True, env=self._environment())
        assert done.returncode == 0, (command, done.stderr, self.logs())
        return done.stdout.strip()

    def wait_for_jobs(self) -> None:
        """Wait until no job is queued or runs."""
        self._wait(lambda: self.call("squeue", "--noheader") == "", "the queue is empty")

    def logs(self) -> str:
        """Return the ends of the logs of all daemons."""
        return "\n".join(
            f"{path.name}: {path.read_text(errors='replace')[-1500:]}" for path in self.folder.glob("*.log")
        )

    def _states(self) -> list[str]:
        asked = ["sinfo", "--noheader", "--Node", "--format=%T"]
        return subprocess.run(asked, capture_output=True, text=True, env=self._environment()).stdout.split()

    def _spawn(self, name: str, *options: str) -> None:
        program = _program(name)
        assert program is not None
        log = (self.folder / f"{'-'.join((name, *options[2:3])) if name == 'slurmd' else name}.out").open("ab")
        with log:
            daemon = subprocess.Popen(
                [program, *options], env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._daemons[f"slurmd {options[-1]}" if name == "slurmd" else name] = daemon

    def _environment(self) -> dict[str, str]:
        return os.environ | {"SLURM_CONF": str(self.configuration)}

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, f"Slurm: {what}: not within {_PATIENCE_S:.0f} s\n{self.logs()}"
            time.sleep(0.1)


def _processes_of(configuration: Path) -> list[psutil.Process]:
    """Return the processes that were started under a configuration of Slurm, but for this one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mine = process.environ().get("SLURM_CONF") == str(configuration)
            if mine and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _free_ports() -> list[int]:
    """Return a free port for the controller and two neighbours for the nodes."""
    for first in range(20000 + os.getpid() % 5000, 30000, 3):
        with ExitStack() as stack, suppress(OSError):
            for port in range(first, first + 3):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return [first, first + 1, first + 2]
    raise AssertionError("no free ports")


@contextmanager
def slurm_cluster() -> Iterator[SlurmCluster]:
    """Give a cluster that runs, and end it whatever happens; its paths are short, as those of sockets must be."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        cluster = SlurmCluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
