"""Makes the built-in sample dataset and its tokenizer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Final

from mistudio_core.example.dataset import (
    TRAIN,
    VALIDATION,
    sample_schema,
    sample_tables,
    sample_tokenizer,
    stories_twice,
)
from mistudio_core.file_names import RAW
from mistudio_core.raw_write import PartWriter
from mistudio_core.work.finish import finish_dataset, finished_before
from mistudio_core.work.measuring import Measuring
from mistudio_core.work.running import RunningJob

_STEM: Final = "stories"


def run(job: RunningJob) -> dict[str, Any]:
    """Write `num_samples` stories and return the manifest.

    A resumed job starts from the first story again: making 5,000 of them takes less than a second.
    """
    manifest = finished_before(job)
    if manifest is not None:
        return manifest
    num_samples = int(job.arguments["num_samples"])
    draft = job.home.dataset_draft(job.subject_id)
    measuring = Measuring(draft)
    schema = sample_schema()
    told, training = stories_twice()
    made = 0
    job.progress("making", made, num_samples, "samples")
    with ExitStack() as stack:
        splits = (TRAIN, VALIDATION)
        writers = {split: stack.enter_context(PartWriter(draft / RAW / split, _STEM, schema)) for split in splits}
        measured = {split: stack.enter_context(measuring.file(split, _STEM)) for split in splits}
        for split, table in sample_tables(num_samples, told):
            measured[split](table)
            writers[split].write(table)
            made += table.num_rows
            job.progress("making", made, num_samples, "samples")
    sample_tokenizer(job.home, training)  # before it is asked for, so that the first tokenization starts at once
    return finish_dataset(job, {split: writer.parts for split, writer in writers.items()}, schema, measuring)
