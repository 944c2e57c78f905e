"""The work of a `tokenizer` job: a tokenizer is kept in the library, so that the app can preview with it."""

from __future__ import annotations

from typing import Any

from mistudio_core.tokenization.tokenizer.stored import open_tokenizer
from mistudio_core.work.limited_loading import load_for
from mistudio_core.work.running import RunningJob


def run(job: RunningJob) -> dict[str, Any]:
    """Load the tokenizer `name` at `revision` by `source` and return what is known of it."""
    name = str(job.arguments["name"])
    job.progress("loading")
    if name == "sample":
        from mistudio_core.example.dataset import sample_tokenizer

        loaded = open_tokenizer(sample_tokenizer(job.home), name=name)
    else:
        loaded = load_for(job, name, job.arguments["revision"], str(job.arguments.get("source", "auto")))
    return loaded.describe()
