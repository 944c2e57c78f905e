"""Pushes a tokenization, as Parquet with a card, to a dataset repository of the user's own."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.file_names import CARD, TOKENIZATION_MANIFEST
from mistudio_core.files import file_sha256
from mistudio_core.sources.client import session
from mistudio_core.sources.hub_push import push_folder
from mistudio_core.sources.repo_ids import clean_hf_token, parse_repo_id
from mistudio_core.tokenization.exports.copies import check_export, export_folder, export_tokenization
from mistudio_core.tokenization.exports.source import Source
from mistudio_core.work.disk_guard import DiskGuard
from mistudio_core.work.environment import prepare_environment
from mistudio_core.work.running import RunningJob

_COPY: Final = "push"
_CACHE: Final = ".push"


def run(job: RunningJob) -> dict[str, Any]:
    """Push the tokenization that is the job's subject; `dataset_id`, `repo_id` and `private` are the arguments.

    The Parquet copy is made first and deleted afterwards; a retry uses one that is whole, and sends only the files
    that the Hub does not have. Returns `repo_id`, `revision`, `url`, `num_files` and `size_bytes`.
    """
    hf_token = clean_hf_token(job.secret)
    if hf_token is None:
        raise StudioError(
            "token_rejected",
            "A push needs an access token with write permission.",
            "Create one in the Hub's settings and enter it here; it is never stored.",
        )
    repo_id, _ = parse_repo_id(str(job.arguments["repo_id"]))
    job.progress("preparing")
    cache = export_folder(job.home, job.subject_id, _CACHE)
    prepare_environment(cache)
    session()
    try:
        folder = _copied(job, repo_id)

        def tell(done: int, total: int) -> None:
            job.progress("uploading", done, total, "bytes", bytes_done=done)

        pushed = push_folder(
            folder,
            repo_id,
            hf_token=hf_token,
            private=job.arguments.get("private") is not False,
            message="Token sequences from miStudio Datasets",
            progress=tell,
        )
    finally:
        os.chdir(job.home.root)  # out of the cache, which goes
        shutil.rmtree(cache, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    return asdict(pushed)


def _copied(job: RunningJob, repo_id: str) -> Path:
    """Return the folder of the Parquet copy, made now unless an earlier run did."""
    source = Source.of(job.home, str(job.arguments["dataset_id"]), job.subject_id)
    size = check_export(source, "parquet")
    folder = export_folder(job.home, job.subject_id, _COPY)
    copied, own = folder / TOKENIZATION_MANIFEST, source.tokenization / TOKENIZATION_MANIFEST
    if copied.is_file() and file_sha256(copied) == file_sha256(own) and repr(repo_id) in _text(folder / CARD):
        return folder
    DiskGuard(job).require(size)

    def tell(done: int, total: int) -> None:
        job.progress("exporting", done, total, "sequences")

    export_tokenization(source, folder, "parquet", tell, known_as=repo_id)
    return folder


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
