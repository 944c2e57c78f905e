"""The first rows of a dataset on the Hub, asked of a look worker: this process opens no file of a stranger."""

from __future__ import annotations

from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.jobs.look_pool import pool
from mistudio_core.jobs.look_protocol import Limits
from mistudio_core.library.answers import FileLook
from mistudio_core.sources.repo_ids import checked_revision, parse_repo_id

_LIMITS: Final = Limits(seconds=10.0)
"""Ten rows take a part of a second; the Hub is waited for in the worker."""
_OF_THE_WORKER: Final = frozenset({"too_large", "worker_died"})


def hub_rows(
    repo: str, *, revision: str | None, config: str | None, split: str | None, hf_token: str | None
) -> FileLook:
    """Return the first rows of a split; see `Datasets.first_rows`."""
    repo_id, pasted = parse_repo_id(repo)
    wanted = checked_revision(revision) if revision else pasted
    asked = {"repo_id": repo_id, "revision": wanted, "config": config, "split": split, "hf_token": hf_token}
    try:
        return FileLook.of(pool.ask("hub_rows", asked, repo_id, _LIMITS))
    except StudioError as error:
        if error.code not in _OF_THE_WORKER:
            raise
        hint = "They can be seen after the download; it can be limited to a few samples."
        raise StudioError(error.code, f"The first rows of {repo_id} are too much to be shown.", hint) from error
