"""One process that answers questions about tokenizers, ended when an answer takes too much time, memory or room."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.jobs import environment
from mistudio_core.jobs.look_protocol import LENGTH, Limits, answer_too_large, document, frame

MEMORY_BYTES: Final = 1 << 30
"""Memory of one look worker, its program of about 100 MB included."""
_START_SECONDS: Final = 60.0
"""How long a new worker may take until it is ready: half a second where nothing else runs."""
_CLOCK_FACTOR: Final = 8
"""Time by the clock for each second of processor time: a busy machine is not the fault of a tokenizer."""
_POLL_S: Final = 0.1
_READ_BYTES: Final = 1 << 16


class WorkerGoneError(Exception):
    """The worker had ended by itself before it read the question: another one is to be asked."""


class LookWorker:
    """A running look worker; for one thread at a time."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        """Start the process; it gets ready while its first question is written."""
        self._memory_bytes = memory_bytes
        self.last_subject = ""
        """What it was asked about last, which it still has in memory."""
        self._ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mistudio_core.work.looks", str(memory_bytes)],
            cwd="/",
            env=environment.worker_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def ask(self, question: str, arguments: Mapping[str, Any], subject: str, limits: Limits) -> Any:
        """Return the worker's answer; `subject` says in an error what was looked at, as in `The tokenizer 'x'`.

        Raises the error that the worker answers with, `too_large` beyond a limit, or `worker_died`. After an error
        the worker may have ended: see `usable`.
        """
        try:
            answer = self._answer(question, arguments, subject, limits)
        except BaseException:  # also an interrupt: it may go on with the question
            self.end()
            raise
        self.last_subject = subject
        if answer.get("last"):
            self.end()
        if "error" in answer:
            raise StudioError(**answer["error"])
        return answer["answer"]

    def _answer(self, question: str, arguments: Mapping[str, Any], subject: str, limits: Limits) -> Any:
        if not self._ready:
            self._read(subject, Limits(_START_SECONDS))
            self._ready = True
        request = {"question": question, "arguments": arguments, "subject": subject}
        self._send(frame(request | {"seconds": limits.seconds, "num_bytes": limits.num_bytes}))
        return self._read(subject, limits)

    @property
    def usable(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process and let go of it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what it no longer reads stays unsent
                if stream is not None:
                    stream.close()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise WorkerGoneError from None

    def _read(self, subject: str, limits: Limits) -> Any:
        """Return the next document of the worker within the limits; end the worker where it breaks one."""
        watch = _Watch(self._process.pid, limits.seconds)
        length = LENGTH.unpack(self._bytes(LENGTH.size, watch, subject))[0]
        if length > limits.num_bytes:
            raise answer_too_large(subject, limits.num_bytes)
        return document(self._bytes(length, watch, subject))

    def _bytes(self, size: int, watch: _Watch, subject: str) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        data = bytearray()
        while len(data) < size:
            if not waiting.poll(_POLL_S * 1000):
                if watch.is_over():
                    raise _too_long(subject, watch.seconds)
                continue
            found = os.read(descriptor, min(_READ_BYTES, size - len(data)))
            if not found:
                raise self._gone(subject)
            data += found
        return bytes(data)

    def _gone(self, subject: str) -> Exception:
        status = self._process.wait()
        if status == 0 and self._ready:
            return WorkerGoneError()
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return StudioError(
            "worker_died",
            f"{subject} ended the process that looked at it ({how}); one that needs more than "
            f"{self._memory_bytes >> 30} GB of memory does so.",
            "Try a shorter text. If that fails too, use another tokenizer.",
        )


class _Watch:
    """How long a process has taken since this was made, in processor time and by the clock."""

    def __init__(self, pid: int, seconds: float) -> None:
        import psutil

        self.seconds = seconds
        self._process = psutil.Process(pid)
        self._used = self._processor_time()
        self._until = time.monotonic() + seconds * _CLOCK_FACTOR

    def is_over(self) -> bool:
        return self._processor_time() - self._used > self.seconds or time.monotonic() > self._until

    def _processor_time(self) -> float:
        import psutil

        try:
            times = self._process.cpu_times()
        except psutil.Error:  # it has just ended
            return 0.0
        return float(times.user + times.system)


def _too_long(subject: str, seconds: float) -> StudioError:
    return StudioError(
        "too_large",
        f"{subject} was stopped: it took more than {seconds:g} seconds of processor time.",
        "Try a shorter text. If that takes as long, this tokenizer or its chat template cannot be used.",
        {"most_seconds": seconds},
    )
