"""The loop of a look worker: a question on standard input, its answer on standard output, until nobody asks any more.

It limits its own memory, and its own processor time in case that the program which would end it has ended.
"""

from __future__ import annotations

import math
import os
import resource
import select
import sys
from typing import Any, BinaryIO, Final

from mistudio_core.errors import StudioError
from mistudio_core.jobs.look_protocol import answer_too_large, frame, read_frame

_IDLE_SECONDS: Final = 600.0
"""A worker that is not asked for so long gives back its memory."""
_SPARE_SECONDS: Final = 10
"""Processor time beyond the limit of a question, within which whoever asked would have ended this process."""


def main() -> None:
    """Answer until standard input ends."""
    most_memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_DATA, (most_memory, most_memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    from mistudio_core.work.looks.questions import answer_to  # takes half a second

    _say(answers, frame({"ready": True}))
    while select.select([sys.stdin], [], [], _IDLE_SECONDS)[0]:
        try:
            request = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        _limit_processor_time(request["seconds"])
        _say(answers, _answer(answer_to, request))


def _answer(answer_to: Any, request: dict[str, Any]) -> bytes:
    from mistudio_core.tokenization.tokenizer.failures import tokenizer_failure

    subject = str(request["subject"])
    try:
        answer = frame({"answer": answer_to(request["question"], request["arguments"])})
        if len(answer) > request["num_bytes"]:
            raise answer_too_large(subject, request["num_bytes"])
    except StudioError as error:
        return frame({"error": error.to_json()})
    except BaseException as error:  # noqa: BLE001 - a panic of a library in Rust is no Exception
        failure = tokenizer_failure(subject, error)
        return frame({"error": failure.to_json(), "last": True})  # who knows what state it left behind
    return answer


def _say(answers: BinaryIO, answer: bytes) -> None:
    answers.write(answer)
    answers.flush()


def _limit_processor_time(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(used.ru_utime + used.ru_stime + seconds) + _SPARE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
