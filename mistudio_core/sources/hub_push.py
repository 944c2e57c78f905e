"""Sending a folder to a dataset repository of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import SAE_LENS, TOKENIZATION_MANIFEST
from mistudio_core.files import walk_files
from mistudio_core.sources.failures import chained, hub_failure, token_rejected

if TYPE_CHECKING:
    import httpx2

ANSWER_TIMEOUT_S: Final = 120.0
"""Longest silence of the Hub: it takes its time over a commit of many files."""
OUR_FILES: Final = frozenset({TOKENIZATION_MANIFEST, SAE_LENS})
"""A repository with both was pushed from here, and may be replaced."""
_GIVEN: Final = frozenset({".gitattributes"})
"""What the Hub itself puts into a new repository."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What arrived: `revision` is the commit, `url` its page."""

    repo_id: str
    revision: str
    url: str
    num_files: int
    size_bytes: int


def push_folder(
    folder: Path, repo_id: str, *, hf_token: str, private: bool, message: str, progress: Callable[[int, int], None]
) -> Pushed:
    """Put the files of `folder` into the dataset repository `repo_id` in one commit, making it if it is new.

    A bare name is taken for one of the token's account. Large files are sent one by one before the commit, and those
    that the Hub has already are not sent again, so a push that broke goes on where it was; `progress` gets bytes.
    Parquet files of an earlier push that are no longer there are removed. Raises `invalid_request` for a repository
    with files that did not come from here, `token_rejected` for a token that may not write, and the errors of the Hub.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, set_client_factory

    set_client_factory(_patient_client)
    api = HfApi(token=hf_token)
    try:
        if "/" not in repo_id:
            repo_id = f"{api.whoami()['name']}/{repo_id}"
        repo_id = api.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True).repo_id
        there = set(api.list_repo_files(repo_id, repo_type="dataset"))
        _check_ours(repo_id, there)
        paths = sorted(walk_files(folder))
        total = sum(path.stat().st_size for path in paths)
        done = 0
        operations: list[Any] = []
        for path in paths:
            addition = CommitOperationAdd(path.relative_to(folder).as_posix(), str(path))
            api.preupload_lfs_files(repo_id, [addition], repo_type="dataset", num_threads=1)
            operations.append(addition)
            done += path.stat().st_size
            progress(done, total)
        sent = {operation.path_in_repo for operation in operations}
        stale = sorted(name for name in there - sent if name.startswith("data/") and name.endswith(".parquet"))
        operations += [CommitOperationDelete(name) for name in stale]
        commit = api.create_commit(repo_id, operations, commit_message=message, repo_type="dataset")
    except Exception as error:
        raise _push_failure(error, repo_id) from error
    return Pushed(repo_id, commit.oid, commit.commit_url, len(paths), total)


def _check_ours(repo_id: str, there: set[str]) -> None:
    if there - _GIVEN and not there >= OUR_FILES:
        raise invalid(
            f"{repo_id} has files that were not pushed from this app.",
            "Push to a new repository name: existing files are never overwritten.",
        )


def _push_failure(error: Exception, repo_id: str) -> StudioError:
    for link in chained(error):
        status = getattr(getattr(link, "response", None), "status_code", None)
        if status == 403:
            return StudioError(
                "token_rejected",
                f"This access token may not write to {repo_id}.",
                "Use a token with write permission, of an account that owns the namespace.",
            )
        if status == 401:
            return token_rejected()
    return hub_failure(error, repo_id, hf_token_given=True)


def _patient_client() -> httpx2.Client:
    import httpx2
    from huggingface_hub.utils._http import hf_request_event_hook

    return httpx2.Client(
        event_hooks={"request": [hf_request_event_hook, _limit_time]},
        follow_redirects=True,
        timeout=ANSWER_TIMEOUT_S,
    )


def _limit_time(request: httpx2.Request) -> None:
    """Put a limit where callers in huggingface_hub pass None, which means for ever."""
    limits = request.extensions.get("timeout") or {}
    request.extensions["timeout"] = {
        name: ANSWER_TIMEOUT_S if limits.get(name) is None else limits[name]
        for name in ("connect", "read", "write", "pool")
    }
