"""The environment of every process that the library starts: no secrets, and no switches of the machine's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]

_REMOVED_VARIABLES: Final = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_TOKEN_PATH",
    "HF_DEBUG",
    "HF_HUB_OFFLINE",
)
"""The first three are secrets, which reach a worker on its standard input only; HF_DEBUG prints requests."""

_WORKER_VARIABLES: Final = {
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # a second transfer stack without resume, and with errors that say nothing
    "MALLOC_ARENA_MAX": "4",  # glibc: with more, each keeps what others could use; with fewer, threads wait
    "TOKENIZERS_PARALLELISM": "true",
    "PYTHONUNBUFFERED": "1",
    "PYTHONSAFEPATH": "1",
}


def worker_environment() -> dict[str, str]:
    """Return the variables of a new process, among them the path on which it finds this package."""
    environment = {name: value for name, value in os.environ.items() if name not in _REMOVED_VARIABLES}
    return environment | _WORKER_VARIABLES | {"PYTHONPATH": str(_PROJECT_ROOT)}
