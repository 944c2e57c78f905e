"""Loading a tokenizer in a job: its files are opened by a process with limits, since a stranger wrote them."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from mistudio_core.jobs.look_protocol import Limits
from mistudio_core.jobs.look_worker import LookWorker
from mistudio_core.sources.tokenizers import load_tokenizer
from mistudio_core.tokenization.tokenizer.names import Named
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.work.running import RunningJob

_LIMITS: Final = Limits(seconds=180.0)
"""Processor time: AutoTokenizer takes some seconds, and converting a large vocabulary up to a minute."""
_MEMORY_BYTES: Final = min(4 << 30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
"""A vocabulary of 256,000 ids takes 1 GB while it is converted; a small machine has no more to give."""


def load_for(job: RunningJob, name: str, revision: str | None, source: str) -> StoredTokenizer:
    """Load the tokenizer of a job from the Hub or a path; see `load_tokenizer` for what it raises."""
    return load_tokenizer(
        job.home.tokenizers, name, revision=revision, hf_token=job.secret, source=source, keep=keep_within_limits,
        keep_free=job.settings.keep_free_mb << 20,
    )  # fmt: skip


def keep_within_limits(root: Path, folder: Path, wanted: Named) -> Named:
    """Store what the files of a folder come to, as `keep_files` does; raises `too_large` beyond a limit."""
    worker = LookWorker(_MEMORY_BYTES)
    try:
        arguments = {"root": str(root), "folder": str(folder), "wanted": asdict(wanted)}
        found = worker.ask("keep_files", arguments, f"The tokenizer {wanted.name!r:.120}", _LIMITS)
    finally:
        worker.end()
    return replace(wanted, sha256=found["sha256"], notes=tuple(found["notes"]))
