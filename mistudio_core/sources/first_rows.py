"""The first rows of a repository before anything is downloaded: ranged reads of its Parquet, or of the Hub's copy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mistudio_core.errors import StudioError
from mistudio_core.sources import failures, parquet_branch
from mistudio_core.sources.client import Hub, HubFile
from mistudio_core.sources.remote_file import RemoteFile
from mistudio_core.sources.repo_layout import Layout, layout

if TYPE_CHECKING:
    import pyarrow as pa

SECONDS: Final = 20.0
"""Who looks waits for the answer."""
_MOST_BYTES: Final = 32 << 20
"""Fetched at most: enough for ten rows of long documents, and far from a download."""
_SMALL_GROUP_BYTES: Final = 2 << 20
"""A row group up to this size is fetched in one request, which is faster than a request for each column."""
_BUFFER_BYTES: Final = 1 << 16
_LATER: Final = "They can be seen after the download; it can be limited to a few samples."


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first rows of a split: `table` holds the first columns of `schema`, and `file` says where they were read."""

    file: str
    schema: pa.Schema
    table: pa.Table


@dataclass(frozen=True, slots=True)
class _Commit:
    """A commit of a repository with its files."""

    repo_id: str
    sha: str
    files: Mapping[str, HubFile]
    layout: Layout

    def parquet(self, config: str | None, split: str | None) -> HubFile | None:
        """Return the first file of a split that is Parquet with anything in it, None where there is none."""
        splits = self.layout.splits[self.layout.chosen(config, self.repo_id).name]
        if split is not None:
            splits = {name: splits[name] for name in (split, f"partial-{split}") if name in splits}
        paths = [path for files in splits.values() for path in files if path.endswith(".parquet")]
        return next((self.files[path] for path in paths if self.files[path].size), None)


def first_rows(
    hub: Hub, repo_id: str, revision: str | None, *, config: str | None, split: str | None, limit: int, columns: int
) -> FirstRows:
    """Return the first `limit` rows of a split in as many `columns` at most.

    `config` None means the default one, `split` None the first that has rows. Raises `no_data` where neither the
    repository nor the Hub's copy of it has the split in Parquet, `too_large` where 32 MB do not hold the rows,
    `corrupt_data`, and what the Hub answers.
    """
    try:
        commit, name = _commit(hub, repo_id, revision), "{}"
        file = commit.parquet(config, split)
        if file is None and not commit.layout.is_copy:
            commit, name = _copy(hub, repo_id), "{} of the Hub's copy in Parquet"
            file = commit.parquet(config if config in commit.layout.splits else None, split)
        if file is None:
            raise _not_in_parquet(repo_id)
        schema, table = _rows_of(hub, commit, file, limit, columns)
    except Exception as error:
        given = hub.hf_token is not None
        raise failures.hub_failure(error, repo_id, hf_token_given=given, revision=revision) from error
    return FirstRows(name.format(file.path), schema, table)


def new_hub(hf_token: str | None) -> Hub:
    """Return a client that gives up when nobody would wait any more."""
    return Hub(hf_token, attempts=2, deadline=time.monotonic() + SECONDS)


def _commit(hub: Hub, repo_id: str, revision: str | None) -> _Commit:
    info = hub.info(repo_id, revision)
    files = {file.path: file for file in hub.tree(repo_id, info["sha"])}
    found = layout(list(files), info.get("cardData"), is_parquet_branch=revision in parquet_branch.NAMES)
    return _Commit(repo_id, info["sha"], files, found)


def _copy(hub: Hub, repo_id: str) -> _Commit:
    try:
        copy = _commit(hub, repo_id, min(parquet_branch.NAMES))
    except Exception as error:
        if failures.hub_failure(error, repo_id, hf_token_given=False).code == "revision_not_found":
            raise _not_in_parquet(repo_id) from error
        raise
    if not copy.layout.is_copy:
        raise _not_in_parquet(repo_id)
    return copy


def _not_in_parquet(repo_id: str) -> StudioError:
    return StudioError("no_data", f"The Hub has no Parquet files of {repo_id} to show rows from.", _LATER)


def _rows_of(hub: Hub, commit: _Commit, file: HubFile, limit: int, columns: int) -> tuple[pa.Schema, pa.Table]:
    """Read the rows; what is wrong with the file itself is `corrupt_data`."""
    try:
        return _read(hub, hub.file_url(commit.repo_id, commit.sha, file.path), file.size, limit, columns)
    except StudioError:
        raise
    except Exception as error:
        damaged = StudioError("corrupt_data", f"The first rows of {file.path} cannot be read.", _LATER)
        raise failures.transport_failure(error, commit.repo_id) or damaged from error


def _read(hub: Hub, url: str, size: int, limit: int, columns: int) -> tuple[pa.Schema, pa.Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = RemoteFile(hub, url, size, longest_read=_MOST_BYTES, on_bytes=_counted(_MOST_BYTES))
    footer = pq.read_metadata(source)
    schema = footer.schema.to_arrow_schema()
    batches, missing = [], limit
    for group in range(footer.num_row_groups):  # by itself each: reading ahead would fetch those behind it, too
        small = footer.row_group(group).total_byte_size <= _SMALL_GROUP_BYTES
        file = pq.ParquetFile(source, metadata=footer, pre_buffer=small, buffer_size=0 if small else _BUFFER_BYTES)
        for batch in file.iter_batches(limit, row_groups=[group], columns=schema.names[:columns]):
            batches.append(batch.slice(0, missing))
            missing -= batches[-1].num_rows
            if not missing:
                return schema, pa.Table.from_batches(batches)
    if missing == limit:
        raise ValueError("no rows")
    return schema, pa.Table.from_batches(batches)


def _counted(most: int) -> Callable[[int], None]:
    """Return what counts the bytes that come, and stops where they are more than anybody would look at."""
    fetched = 0

    def count(num_bytes: int) -> None:
        nonlocal fetched
        fetched += num_bytes
        if fetched > most:
            raise StudioError("too_large", f"The first rows have more than {most >> 20} MB.", _LATER)

    return count
