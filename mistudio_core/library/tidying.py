"""Tidying: what nobody needs any more goes by one rule, once a day, when somebody opens the library.

Never touched are datasets, tokenizations, tokenizers and exports, a job that has not ended, and the last job that made
a dataset or tokenization: it is what resumes it, and by which a second request for the same is known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZED
from mistudio_core.files import Home, walk_files
from mistudio_core.jobs.kinds import kind_of
from mistudio_core.library import remove
from mistudio_core.library.context import Context
from mistudio_core.records import now
from mistudio_core.store.catalog import rows
from mistudio_core.store.catalog.rows import JobRow

SUCCEEDED_DAYS: Final = 7
"""Long enough to look back at what was done this week."""
FAILED_DAYS: Final = 30
"""The log of what failed or was cancelled is asked for later, and by others."""
MOST_FINISHED: Final = 1_000
"""Jobs beyond the newest so many go earlier: each is a folder that every queued job looks at."""
UPLOAD_DAYS: Final = 7
"""An upload that no job waits for: it was never imported."""
LEFTOVER_DAYS: Final = 1
"""Half a file, of an act that was killed: an act that lives touches its own more often."""
ASIDE_DAYS: Final = 30
"""What was damaged and kept aside, for who wants to look into it."""

_PERIOD_S: Final = 86_400.0
_AT_ONCE: Final = 100
"""Jobs for each time: few milliseconds under the lock of the catalog. The rest follows when it is next opened."""
_STAMP: Final = "tidied"
_DRAFT: Final = re.compile(
    r"\..+\.[0-9a-f]{8,16}(\.lock|\.wal)?|\.(download|local|loading)-.+|\..+\.(part|old)|\.spill|probe-[0-9a-f]{8}"
)
_ASIDE: Final = re.compile(r".+\.damaged(\.wal)?")
_IN_ROOT: Final = (".catalog.", ".visitors.", "catalog.duckdb.damaged")
"""How names begin that are ours beside the folders of the library: its root may hold what is somebody else's."""
_EXPORTED_SAMPLES: Final = "samples-*"


def tidy_if_due(context: Context) -> None:
    """Tidy unless that was done today; while somebody writes, or on a full disk, it is put off.

    Two who tidy at once do each other no harm: what one has moved the other does not find.
    """
    stamp = context.home.locks / _STAMP
    with suppress(OSError, StudioError):
        if stamp.exists() and 0 <= time.time() - stamp.stat().st_mtime < _PERIOD_S:
            return
        if tidy(context, now()):
            stamp.touch()


def tidy(context: Context, moment: datetime) -> bool:
    """Remove what is no longer needed at a moment; return whether that was all of it.

    Everything goes into the trash in one step, and jobs out of the catalog in the same: a kill leaves it whole, or gone
    but for the trash, which the next use of the library empties.
    """
    home, tables = context.home, context.catalog.snapshot()
    jobs = [rows.job_of(row) for row in tables["jobs"]]
    subjects = {row[0] for table in ("datasets", "tokenizations") for row in tables[table]}
    needed = _needed(jobs, subjects)
    outlived = _outlived(jobs, needed, moment)
    if outlived:
        remove.delete_jobs(home, context.catalog, outlived[:_AT_ONCE])
    waiting = remove.uploads_of(home, [row for row in jobs if row.id in needed])
    busy = {name for row in jobs if row.ended is None for name in (row.id, row.subject_id)}
    for path in (*_unused_uploads(home, waiting, moment), *_leftovers(home, busy, moment)):
        home.discard(path)
    if context.settings.shared:  # made to be downloaded: nobody but the host reaches them otherwise
        for path in home.exports.glob(_EXPORTED_SAMPLES):
            if _is_older(path, UPLOAD_DAYS, moment):
                home.discard(path)
    return len(outlived) <= _AT_ONCE


def _needed(jobs: Sequence[JobRow], subjects: set[str]) -> set[str]:
    """Return the ids of jobs that have not ended, and of the last that made each dataset and tokenization."""
    makers = {row.subject_id: row.id for row in jobs if row.subject_id in subjects and kind_of(row.kind).makes}
    return {row.id for row in jobs if row.ended is None} | set(makers.values())


def _outlived(jobs: Sequence[JobRow], needed: set[str], moment: datetime) -> list[JobRow]:
    """Return the jobs that the rule removes, oldest first."""
    finished = sorted((row for row in jobs if row.id not in needed), key=_ended_at)

    def is_over(row: JobRow) -> bool:
        days = SUCCEEDED_DAYS if row.ended == "succeeded" else FAILED_DAYS
        return moment - _ended_at(row) > timedelta(days=days)

    surplus = max(0, len(finished) - MOST_FINISHED)
    return [*finished[:surplus], *(row for row in finished[surplus:] if is_over(row))]


def _ended_at(row: JobRow) -> datetime:
    return row.ended_at or row.created_at


def _unused_uploads(home: Home, waiting: Sequence[Path], moment: datetime) -> Iterator[Path]:
    for path in home.uploads.iterdir():
        if path not in waiting and _is_older(path, UPLOAD_DAYS, moment):
            yield path


def _leftovers(home: Home, busy: set[str], moment: datetime) -> Iterator[Path]:
    """Yield drafts of acts that were killed, and damaged files that were kept aside long enough.

    A dataset or tokenization that a job is at work on is left alone, whatever the clock says.
    """
    for folder in _folders(home, busy):
        with suppress(OSError):  # it was deleted meanwhile
            for path in folder.iterdir():
                if _ASIDE.fullmatch(path.name):
                    is_over = _is_older(path, ASIDE_DAYS, moment)
                else:
                    is_over = bool(_DRAFT.fullmatch(path.name)) and _is_older(path, LEFTOVER_DAYS, moment)
                if is_over and (folder != home.root or path.name.startswith(_IN_ROOT)):
                    yield path


def _folders(home: Home, busy: set[str]) -> Iterator[Path]:
    """Yield every folder in which an act may leave a draft; those that are links lead out of the library."""
    yield from (home.root, home.locks, home.tokenizers, home.exports)
    for parent in (home.jobs, home.tokenizers, home.exports):
        yield from _inner(parent, busy)
    for dataset in _inner(home.datasets, busy):
        tokenized = list(_inner(dataset / TOKENIZED, set()))
        if busy.isdisjoint(path.name for path in tokenized):
            yield from (dataset, dataset / TOKENIZED, *tokenized)


def _inner(parent: Path, busy: set[str]) -> Iterator[Path]:
    with suppress(OSError):
        for path in parent.iterdir():
            if path.name.partition(".")[0] not in busy and path.is_dir() and not path.is_symlink():
                yield path


def _is_older(path: Path, days: int, moment: datetime) -> bool:
    """Tell whether nothing of a file or folder has changed for so many days."""
    newest = 0.0
    for one in (path, *walk_files(path)):
        with suppress(OSError):
            newest = max(newest, one.lstat().st_ctime)
    return moment.timestamp() - newest > days * 86_400
