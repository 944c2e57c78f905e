"""The last steps of every dataset: index and statistics, then the manifest, then its final name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.files import folder_bytes, read_json, sync_folder, write_json
from mistudio_core.raw import class_labels, column_types, text_columns
from mistudio_core.raw_write import PartInfo
from mistudio_core.records import as_json, now
from mistudio_core.work.running import RunningJob

MANIFEST: Final = "dataset.json"
MANIFEST_FORMAT: Final = 1
STATISTICS: Final = "statistics.json"


def finished_before(job: RunningJob) -> dict[str, Any] | None:
    """Return the manifest if an earlier run of this job was killed after the dataset had become whole."""
    manifest: dict[str, Any] | None = read_json(job.home.dataset(job.subject_id) / MANIFEST)
    return manifest


def finish_dataset(
    job: RunningJob,
    parts: Mapping[str, Sequence[PartInfo]],
    schema: pa.Schema,
    *,
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Make a dataset whole out of the parts in its draft folder, and return its manifest.

    `parts` holds each split's parts in order, an empty split included; `schema` is that of every part.
    `origin` may hold `repo_id`, `revision`, `config` and `access`. Raises `no_data` when there is no
    sample at all.
    """
    splits = {split: sum(part.num_rows for part in infos) for split, infos in parts.items()}
    if not any(splits.values()):
        raise StudioError("no_data", "There is not one sample in it.", "Check the source, the config and the splits.")
    draft = job.home.dataset_draft(job.subject_id)
    _describe(job, draft, sum(splits.values()))
    manifest = _manifest(job, draft, parts, splits, schema, origin or {})
    write_json(draft / MANIFEST, manifest, durable=True)
    final = job.home.dataset(job.subject_id)
    os.rename(draft, final)
    sync_folder(final.parent)
    return manifest


def _describe(job: RunningJob, draft: Path, num_samples: int) -> None:
    """Build what is derived from the raw samples: it can be made again, so it is not in the checksums."""
    from mistudio_core.statistics.dataset import dataset_statistics
    from mistudio_core.store.sample_index import build_index

    def tell(message: str) -> Callable[[int, int], None]:
        return lambda done, total: job.progress("processing", done, total, "samples", message=message)

    job.progress("processing", 0, num_samples, "samples")
    build_index(draft, tell("building the sample index"))
    write_json(draft / STATISTICS, dataset_statistics(draft, tell("counting for the statistics")), durable=True)


def _manifest(
    job: RunningJob,
    draft: Path,
    parts: Mapping[str, Sequence[PartInfo]],
    splits: Mapping[str, int],
    schema: pa.Schema,
    origin: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "format": MANIFEST_FORMAT,
        "id": job.subject_id,
        "name": job.draft["name"],
        "source": job.draft["source"],
        "repo_id": origin.get("repo_id"),
        "revision": origin.get("revision"),
        "config": origin.get("config"),
        "splits": splits,
        "num_samples": sum(splits.values()),
        "size_bytes": folder_bytes(draft / "raw"),
        "columns": column_types(schema),
        "text_columns": list(text_columns(schema)),
        "labels": class_labels(schema),
        "owner": job.draft["owner"],
        "access": origin.get("access", "public"),
        "max_samples": job.draft["max_samples"],
        "created_at": job.draft["created_at"],
        "ready_at": as_json(now()),
        "request": dict(job.arguments),
        "files": [
            {
                "path": f"raw/{split}/{part.name}",
                "split": split,
                "num_rows": part.num_rows,
                "size_bytes": part.size_bytes,
                "text_bytes": part.text_bytes,
                "sha256": part.sha256,
            }
            for split, infos in parts.items()
            for part in infos
        ],
    }
