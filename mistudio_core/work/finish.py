"""The last steps of every dataset: index and statistics, then the manifest, then its final name."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from mistudio_core import __version__
from mistudio_core.checksums import file_entries, write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.file_names import (
    DATASET_MANIFEST,
    FEATURES,
    MEASURES,
    PLAN,
    RAW,
    RECEIPTS,
    SAMPLE_INDEX,
    STATISTICS,
    TOKENIZED,
    USER_FILE,
)
from mistudio_core.files import folder_bytes, sync_folder, write_json
from mistudio_core.manifest_files import dataset_manifest, listed_parts
from mistudio_core.raw import class_labels, column_types, text_columns
from mistudio_core.raw_write import PartInfo
from mistudio_core.records import as_json, now
from mistudio_core.sources.convert import Converter, Receipt
from mistudio_core.sources.plan import Plan
from mistudio_core.work.measuring import Measuring
from mistudio_core.work.running import RunningJob

MANIFEST_FORMAT: Final = 1

_WORKING_FILES: Final = frozenset({"files", RECEIPTS, "hf", PLAN, FEATURES, MEASURES})
"""What a draft holds while it is made and a dataset does not need."""


def finished_before(job: RunningJob) -> dict[str, Any] | None:
    """Return the manifest if an earlier run of this job was killed after it had written it.

    A dataset that is damaged is taken apart, to be made again.
    """
    final, draft = job.home.dataset(job.subject_id), job.home.dataset_draft(job.subject_id)
    try:
        if final.exists():
            listed_parts(final)
            return dataset_manifest(final)
    except StudioError as error:
        job.log.info("%s It is made again.", error.message)
        _take_apart(job, final, draft)
    try:
        manifest = dataset_manifest(draft)
    except StudioError:
        job.home.discard(draft / DATASET_MANIFEST)
        return None
    if manifest is not None:
        _publish(job)
    return manifest


def _take_apart(job: RunningJob, final: Path, draft: Path) -> None:
    """Delete a damaged dataset but for its tokenizations and what people added, which go into the draft."""
    draft.mkdir(exist_ok=True)
    for name in (TOKENIZED, USER_FILE):
        if (final / name).exists() and not (draft / name).exists():
            os.rename(final / name, draft / name)
    job.home.discard(final)


def finish_conversion(
    job: RunningJob, plan: Plan, converter: Converter, measuring: Measuring, receipts: Sequence[Receipt]
) -> dict[str, Any]:
    """Make a dataset whole out of converted files, and return its manifest; see `finish_dataset`."""
    schema = converter.reader.schema
    if schema is None:
        raise _no_samples()
    os.chdir(job.home.root)  # out of the folder that is tidied up now
    parts = {split: [part for one in receipts if one.split == split for part in one.parts] for split in plan.splits}
    for split, infos in parts.items():
        kept = {part.name for part in infos}
        for leftover in (path for path in (converter.folder / RAW / split).iterdir() if path.name not in kept):
            leftover.unlink()
    replaced: Counter[str] = Counter()
    for one in receipts:
        replaced.update(one.replaced)
    origin = {
        "replaced": dict(replaced),
        "repo_id": plan.repo_id,
        "revision": plan.revision,
        "config": plan.config,
        "access": plan.access,
    }
    return finish_dataset(job, parts, schema, measuring, origin=origin)


def finish_dataset(
    job: RunningJob,
    parts: Mapping[str, Sequence[PartInfo]],
    schema: pa.Schema,
    measuring: Measuring,
    *,
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Make a dataset whole out of the parts in its draft folder, and return its manifest.

    `parts` holds each split's parts in order, an empty split included; `schema` is that of every part, and
    `measuring` has measured those that this run wrote.
    `origin` may hold `repo_id`, `revision`, `config`, `access` and `replaced`. Raises `no_data` when there is no
    sample at all.
    """
    num_samples = sum(_rows(parts).values())
    if not num_samples:
        raise _no_samples()
    draft = job.home.dataset_draft(job.subject_id)

    _describe(job, draft, parts, measuring)
    manifest = _manifest(job, draft, parts, schema, origin or {})
    manifest = write_sealed(
        draft / DATASET_MANIFEST, manifest | {"sidecars": file_entries(draft, (STATISTICS, SAMPLE_INDEX))}
    )
    _publish(job)
    return manifest


def _publish(job: RunningJob) -> None:
    """Give a draft that has its manifest its final name, without what it was made from."""
    draft, final = job.home.dataset_draft(job.subject_id), job.home.dataset(job.subject_id)
    for path in draft.iterdir():
        if path.name in _WORKING_FILES or path.name.startswith("."):  # with a dot: drafts of files, after a kill
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    os.rename(draft, final)
    sync_folder(final.parent)


def _rows(parts: Mapping[str, Sequence[PartInfo]]) -> dict[str, int]:
    return {split: sum(part.num_rows for part in infos) for split, infos in parts.items()}


def _no_samples() -> StudioError:
    return StudioError("no_data", "It has no samples.", "Check the source, the config and the splits.")


def _describe(job: RunningJob, draft: Path, parts: Mapping[str, Sequence[PartInfo]], measuring: Measuring) -> None:
    """Build what is derived from the raw samples."""
    from mistudio_core.store.samples.index import build_index
    from mistudio_core.store.samples.reader import SampleReader

    splits, num_samples = _rows(parts), sum(_rows(parts).values())
    counted = 0

    def measured(count: int) -> None:
        nonlocal counted
        counted += count
        job.progress("processing", counted, num_samples, "samples", message="Computing text statistics.")

    def indexed(done: int, _: int) -> None:
        job.progress("processing", done, num_samples, "samples", message="Building the sample index.")

    indexed(0, num_samples)
    measuring.complete(parts, measured)
    write_json(draft / STATISTICS, measuring.statistics(splits), durable=True)
    column = SampleReader(draft).default_column
    build_index(draft, indexed, measuring.measures(column, splits))
    job.progress("processing", num_samples, num_samples, "samples", force=True)


def _access(job: RunningJob, origin: Mapping[str, Any]) -> str:
    """Return who may see the dataset: what its source says, unless less was asked for."""
    found = str(origin.get("access", "public"))
    return str(job.draft["access"]) if found == "public" else found


def _manifest(
    job: RunningJob,
    draft: Path,
    parts: Mapping[str, Sequence[PartInfo]],
    schema: pa.Schema,
    origin: Mapping[str, Any],
) -> dict[str, Any]:
    splits = _rows(parts)
    return {
        "format": MANIFEST_FORMAT,
        "mistudio_version": __version__,
        "id": job.subject_id,
        "name": job.draft["name"],
        "source": job.draft["source"],
        "repo_id": origin.get("repo_id"),
        "revision": origin.get("revision"),
        "config": origin.get("config"),
        "splits": splits,
        "num_samples": sum(splits.values()),
        "size_bytes": folder_bytes(draft / RAW),
        "columns": column_types(schema),
        "text_columns": list(text_columns(schema)),
        "labels": class_labels(schema),
        "owner": job.draft["owner"],
        "access": _access(job, origin),
        "max_samples": job.draft["max_samples"],
        "created_at": job.draft["created_at"],
        "ready_at": as_json(now()),
        "request": dict(job.arguments),
        "replaced": origin.get("replaced", {}),
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
