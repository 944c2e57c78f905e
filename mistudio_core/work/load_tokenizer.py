"""The work of a `tokenizer` job: a tokenizer is kept in the library, so that the app can preview with it."""

from __future__ import annotations

from typing import Any

from mistudio_core.files import name_file, write_json
from mistudio_core.tokenization.tokenizer.load import load_tokenizer
from mistudio_core.tokenization.tokenizer.stored import open_tokenizer
from mistudio_core.work.running import RunningJob


def run(job: RunningJob) -> dict[str, Any]:
    """Load the tokenizer `name` at `revision` and return what is known of it."""
    name = str(job.arguments["name"])
    job.progress("loading")
    if name == "sample":
        from mistudio_core.sources.sample import sample_tokenizer

        loaded = open_tokenizer(sample_tokenizer(job.home), name=name)
    else:
        revision = job.arguments["revision"]
        loaded = load_tokenizer(job.home.tokenizers, name, revision=revision, token=job.secret)
    # one content may go by several names, and its folder tells only the first
    write_json(
        job.home.tokenizers / name_file(name), {"name": name, "revision": loaded.revision, "sha256": loaded.sha256}
    )
    return loaded.describe()
