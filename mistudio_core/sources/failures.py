"""The one place where failures of the Hub's clients become errors that a user can read."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid, unexpected
from mistudio_core.sources.endpoint import is_hub

PARQUET_BRANCH: Final = (
    "Many datasets have a copy in Parquet: try refs/convert/parquet as the revision. "
    "Splits named partial-... there hold only the first part of their samples."
)

_IF_PRIVATE: Final = "If it is private, give an access token of an account that may read it."
TRY_LATER: Final = "Check the network and try again; downloaded data is kept."

_CHOICES_SHOWN: Final = 40
_FULL_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_UNREACHABLE: Final = frozenset(
    {
        "TimeoutException",
        "TransportError",
        "ConnectionError",
        "TimeoutError",
        "LocalEntryNotFoundError",
        "OfflineModeIsEnabled",
        "TooManyRedirects",
    }
)
_SECONDS: Final = re.compile(r"t\s*=\s*(\d+)")


def hub_failure(
    error: BaseException, repo_id: str, *, hf_token_given: bool, revision: str | None = None
) -> StudioError:
    """Return the error to show for an exception of huggingface_hub, httpx2 or datasets; `internal` if unknown.

    Every cause and context is looked at, since `datasets` hides the reason behind errors of its own. Nothing of the
    exception's text is passed on: it may hold signed addresses, local paths and even the token.
    """
    chain = list(chained(error))
    for link in chain:
        if isinstance(link, StudioError):
            return link
    asked = _Asked(repo_id, revision, hf_token_given)
    for judge in (_by_system, _by_protocol, _by_answer, _by_headers, _by_datasets, _by_network, _by_body):
        for link in chain:
            failure = judge(link, asked)
            if failure is not None:
                return failure
    return unexpected(error, f"while {repo_id} was read from the Hub")


def transport_failure(error: BaseException, name: str) -> StudioError | None:
    """Return the error to show where the network or the disk failed while `name` was read; None for anything else."""
    for judge in (_by_system, _by_answer, _by_network):
        for link in chained(error):
            failure = judge(link, _Asked(name, None, hf_token_given=False))
            if failure is not None:
                return failure
    return None


def chained(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception with all its causes and contexts, suppressed ones too, the outermost first."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [other for other in (link.__cause__, link.__context__) if other is not None]


def disk_full(needed: int | None = None, free: int | None = None) -> StudioError:
    """Return the error for a disk without room; `needed` and `free` are bytes."""
    if needed is None or free is None:
        return StudioError("disk_full", "The disk is full.", "Free disk space, then resume: finished parts are kept.")
    return StudioError(
        "disk_full",
        f"Not enough disk space: {_size(needed)} needed, {_size(free)} free.",
        "Free disk space, or limit the samples.",
    )


def retry_after(headers: Any) -> float | None:
    """Return how many seconds the Hub asks to wait, from `Retry-After` or `RateLimit`; None if it does not say."""
    plain = headers.get("retry-after", "").strip()
    if plain.isdigit():
        return float(plain)
    found = _SECONDS.search(headers.get("ratelimit", ""))
    return float(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class _Asked:
    repo_id: str
    revision: str | None
    hf_token_given: bool


def _by_system(error: BaseException, _asked: _Asked) -> StudioError | None:
    if isinstance(error, OSError) and error.errno in _FULL_DISK:
        return disk_full()
    if isinstance(error, MemoryError):
        return StudioError("too_large", "The machine ran out of memory.", "Close other programs, then resume.")
    return None


def _by_protocol(error: BaseException, asked: _Asked) -> StudioError | None:
    names = _class_names(error)
    if "LocalProtocolError" in names:
        return StudioError("token_rejected", "The access token is malformed.", "Copy the token again.")
    if "HFValidationError" in names:
        return invalid(f"{asked.repo_id!r} is not the id of a dataset on the Hub.", "An id is namespace/name.")
    return None


def _by_answer(error: BaseException, asked: _Asked) -> StudioError | None:
    """Judge by the Hub's answer: its status and its `X-Error-*` headers."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if response is None or not isinstance(status, int):
        return None
    code = response.headers.get("x-error-code", "")
    text = response.headers.get("x-error-message", "")
    if "disabled" in text.lower():
        return StudioError("repo_disabled", f"The Hub has disabled {asked.repo_id}.", "Choose another dataset.")
    if code == "GatedRepo":
        return _gated(asked, status, text)
    if code == "RevisionNotFound":
        return StudioError(
            "revision_not_found",
            f"{asked.repo_id} has no revision {asked.revision or 'of that name'!r}.",
            "Give a branch, tag or commit of it, or leave the revision out for the latest.",
        )
    if status == 401 and "invalid credentials" in text.lower():
        return token_rejected()
    if code == "EntryNotFound" or (status == 404 and not _from_hub(response)):
        return StudioError(
            "hub_unreachable", f"The Hub lists a file of {asked.repo_id} that it cannot serve.", TRY_LATER
        )
    if status in (401, 403) and not _from_hub(response):
        return StudioError(
            "hub_unreachable",
            f"The storage of the Hub refused a file of {asked.repo_id} (status {status}), with a fresh signature too.",
            "A proxy on the way may change addresses, or this machine's clock may be wrong. Then try again.",
        )
    if code == "RepoNotFound" or status in (401, 404):
        return repo_not_found(asked.repo_id, hf_token_given=asked.hf_token_given)
    if status == 429:
        return _rate_limited(response.headers)
    if status == 403 and asked.hf_token_given:
        return StudioError(
            "token_rejected",
            f"This access token has no access to {asked.repo_id}.",
            "Use a token with read permission.",
        )
    return StudioError("hub_unreachable", f"The Hub could not serve the request (status {status}).", TRY_LATER)


def _from_hub(response: Any) -> bool:
    return is_hub(str(response.url))


def _gated(asked: _Asked, status: int, text: str) -> StudioError:
    page = f"https://huggingface.co/datasets/{asked.repo_id}"
    if "fine-grained" in text or "enable access to public gated" in text:
        reason = f"{asked.repo_id} is gated, and this access token lacks the permission to read gated repositories."
        return StudioError("gated", reason, "Allow it in the token's settings, or use another token.")
    if status == 401 or not asked.hf_token_given:
        reason = f"{asked.repo_id} is gated: its owner grants access on request."
        return StudioError("gated", reason, f"Request access at {page}, then use an access token of that account.")
    reason = f"{asked.repo_id} is gated, and the account of this access token has not been granted access."
    return StudioError("gated", reason, f"Request access at {page}.")


def token_rejected() -> StudioError:
    """Return the error for a token that the Hub does not know."""
    return StudioError(
        "token_rejected",
        "The Hub rejects the access token: it is invalid, expired or revoked.",
        "Create a new token in the Hub's settings, or try without one.",
    )


def repo_not_found(repo_id: str, *, hf_token_given: bool) -> StudioError:
    """Return the error for a repository that does not exist, or is private, which the Hub does not tell apart."""
    hint = "Check the spelling. "
    hint += "If it is private, this access token may not read it." if hf_token_given else _IF_PRIVATE
    return StudioError("repo_not_found", f"There is no dataset {repo_id} on the Hub.", hint)


def _rate_limited(headers: Any) -> StudioError:
    seconds = retry_after(headers)
    wait = f"in {seconds:.0f} seconds" if seconds else "in a few minutes"
    return StudioError(
        "rate_limited",
        "The Hub's rate limit was reached.",
        f"Try again {wait}; an access token raises the limit.",
    )


def _by_datasets(error: BaseException, asked: _Asked) -> StudioError | None:
    names, text = _class_names(error), str(error)
    if names & {"DataFilesNotFoundError", "EmptyDatasetError"}:
        return no_data(asked.repo_id)
    if "scripts are no longer supported" in text:
        return script_unsupported(asked.repo_id)
    unknown = re.search(r"BuilderConfig '([^']*)' not found", text)
    if unknown or "Config name is missing" in text:
        listed = re.search(r"\[([^\]]*)\]", text)
        choices = re.findall(r"'([^']*)'", listed[1]) if listed else []
        return config_not_found(asked.repo_id, unknown[1] if unknown else None, choices)
    if "YAMLError" in names:
        return StudioError(
            "corrupt_data",
            f"The dataset card of {asked.repo_id} is malformed: its metadata is not valid YAML.",
            "Report it to the dataset's owner, or choose an older revision.",
        )
    if "DatasetNotFoundError" in names and "gated" in text:
        return _gated(asked, 403 if asked.hf_token_given else 401, "")
    if "DatasetNotFoundError" in names:
        return repo_not_found(asked.repo_id, hf_token_given=asked.hf_token_given)
    return None


def no_data(repo_id: str) -> StudioError:
    """Return the error for a repository without readable files."""
    return StudioError(
        "no_data",
        f"{repo_id} has no readable data files.",
        "See its page: the data may be in another format, or its card may point to files that do not exist.",
    )


def config_not_found(repo_id: str, config: str | None, choices: Sequence[str]) -> StudioError:
    """Return the error for a configuration that does not exist, or that has to be chosen (None)."""
    reason = f"needs one of its {len(choices)} configurations" if config is None else f"has no configuration {config!r}"
    names = [repr(choice[:80])[1:-1] for choice in choices[:_CHOICES_SHOWN]]
    shown = ", ".join(names) + (" and more" if len(choices) > _CHOICES_SHOWN else "")
    return StudioError("config_not_found", f"{repo_id} {reason}.", f"Choose one of: {shown}.")


def script_unsupported(repo_id: str) -> StudioError:
    """Return the error for a repository that needs its own program to be read."""
    return StudioError(
        "script_unsupported",
        f"{repo_id} needs a loading script, and code from the Hub is never run.",
        PARQUET_BRANCH,
    )


def _by_headers(error: BaseException, asked: _Asked) -> StudioError | None:
    """Judge an answer without the headers by which huggingface_hub knows a file and its commit."""
    if "FileMetadataError" not in _class_names(error):
        return None
    missing = next((name for name in ("ETag", "Content-Length") if name in str(error)), "X-Repo-Commit")
    return StudioError(
        "hub_unreachable",
        f"The answer for a file of {asked.repo_id} lacks the header {missing}.",
        "A proxy on the way, or the server of HF_ENDPOINT, removes it: the Hub itself sends it.",
    )


def _by_network(error: BaseException, _asked: _Asked) -> StudioError | None:
    if _class_names(error) & _UNREACHABLE:
        return StudioError("hub_unreachable", "The Hugging Face Hub did not answer.", TRY_LATER)
    return None


def _by_body(error: BaseException, _asked: _Asked) -> StudioError | None:
    if isinstance(error, json.JSONDecodeError):
        reason = "Something on the network answers instead of the Hub, such as a sign-in page."
        return StudioError("hub_unreachable", reason, TRY_LATER)
    return None


def _class_names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _size(num_bytes: int) -> str:
    for unit in ("bytes", "KB", "MB"):
        if num_bytes < 1024:
            return f"{num_bytes:.0f} {unit}"
        num_bytes = num_bytes / 1024  # type: ignore[assignment]
    return f"{num_bytes:.2f} GB" if num_bytes < 1024 else f"{num_bytes / 1024:.2f} TB"
