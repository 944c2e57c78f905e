"""A server of the app in a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_S = 60.0
_STOP_S = 20.0
_ports: list[int] = []
"""Ports of servers that have ended for good: a browser keeps scripts by address, so the next server takes the same."""


class AppServer:
    """`streamlit run app.py` with a library of its own; may be stopped and started again on the same port."""

    def __init__(self, home: Path, variables: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = _ports.pop() if _ports else _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home.parent / "server.log"
        self._variables = dict(variables or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it answers."""
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"),
                    "--server.port", str(self.port), "--server.address", "127.0.0.1", "--server.headless", "true",
                ],
                cwd=ROOT,
                env=os.environ | self._variables | {"MISTUDIO_HOME": str(self.home)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + _START_S
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server, as a deployment does; workers go on."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def leave(self) -> None:
        """End the server for good."""
        self.stop()
        _ports.append(self.port)

    @property
    def process_id(self) -> int:
        """The id of the server's process."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
