"""Getting a tokenizer into the library: from the Hub, pinned to a commit and within limits, or from a path."""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.files import free_bytes
from mistudio_core.sources import failures
from mistudio_core.sources.client import ATTEMPTS, Hub, HubFile
from mistudio_core.sources.fetch import fetch
from mistudio_core.sources.plan import SourceFile
from mistudio_core.sources.repo_ids import checked_revision, clean_hf_token
from mistudio_core.tokenization.loading.files import belongs_to_tokenizer, is_vocabulary
from mistudio_core.tokenization.loading.load import Keep, is_path, keep_files, known_again, load_from_path, wanted_name
from mistudio_core.tokenization.tokenizer.names import FROM_TRANSFORMERS, names
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_named

MOST_BYTES: Final = 256 << 20
"""All files of a tokenizer together: those of the largest in use have 40 MB."""
MOST_FILES: Final = 100
LOOK_SECONDS: Final = 10.0
"""How long the Hub may take to say what there is; after it the Hub counts as unreachable."""
MOST_SECONDS: Final = 900.0
"""How long their download may take."""
_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


def load_tokenizer(
    root: Path,
    name: str,
    *,
    revision: str | None = None,
    hf_token: str | None = None,
    source: str = "auto",
    keep: Keep = keep_files,
    keep_free: int = 0,
) -> StoredTokenizer:
    """Load a tokenizer from the Hub or from a path, keep it under `root` and return it.

    `source` is `file` (its `tokenizer.json` as it is), `transformers` (what AutoTokenizer makes of it) or `auto`: the
    file for a file that is named, else transformers. `keep` opens the files, which are a stranger's, and stores what
    they come to; `keep_free` are the bytes that the disk must have left. Never runs code that came with a tokenizer.
    Raises `tokenizer_not_found`, `tokenizer_unsupported`, `too_large`, `disk_full`, or a failure of the Hub.
    """
    root.mkdir(parents=True, exist_ok=True)
    if is_path(name):
        return load_from_path(root, name, source, keep)
    if not _HUB_ID.fullmatch(name):
        raise invalid(f"{name!r:.80} is not a tokenizer.", "Give a Hub id such as 'openai-community/gpt2' or a path.")
    token = clean_hf_token(hf_token)
    revision = checked_revision(revision) if revision else None
    request = _HubRequest(root, name, revision, token, source, keep, keep_free)
    try:
        return _from_hub(request)
    except StudioError:
        raise
    except Exception as error:
        raise _failure(error, name, revision, hf_token_given=token is not None) from error


@dataclass(frozen=True, slots=True)
class _HubRequest:
    """A tokenizer that is asked for from the Hub; the fields are those of `load_tokenizer`."""

    root: Path
    name: str
    revision: str | None
    hf_token: str | None
    source: str
    keep: Keep
    keep_free: int


def _from_hub(request: _HubRequest) -> StoredTokenizer:
    root, name = request.root, request.name
    hub = Hub(request.hf_token, kind="models", attempts=2, deadline=time.monotonic() + LOOK_SECONDS)
    commit = str(hub.info(name, request.revision)["sha"])
    files = [file for file in hub.tree(name, commit) if belongs_to_tokenizer(file.path)]
    if not any(is_vocabulary(file.path) for file in files):
        raise StudioError("tokenizer_not_found", f"The repository {name!r:.120} has no tokenizer.", "Check the id.")
    wanted = wanted_name(name, request.source, FROM_TRANSFORMERS)
    wanted = replace(wanted, revision=commit, asked=(request.revision,) if request.revision else ())
    known = [one for one in names(root) if (one.name, one.revision) == (name, commit)]
    if (again := known_again(root, wanted, known)) is not None:
        return again
    _check_size(request, files)
    hub = replace(hub, attempts=ATTEMPTS, deadline=time.monotonic() + MOST_SECONDS)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as folder:
        for file in files:
            _bring(hub, name, commit, file, Path(folder))
        return open_named(root, request.keep(root, Path(folder), wanted))


def _bring(hub: Hub, name: str, commit: str, file: HubFile, folder: Path) -> None:
    def watch(_: int) -> None:
        if hub.deadline is not None and time.monotonic() > hub.deadline:
            raise StudioError(
                "hub_unreachable",
                f"The tokenizer {name!r:.120} did not arrive within {MOST_SECONDS / 60:.0f} minutes.",
                "Check the network and try again.",
            )

    target = folder / file.path
    target.parent.mkdir(exist_ok=True)
    source = SourceFile("tokenizer", 0, file.path, file.size, file.sha256, file.sha1)
    fetch(hub, hub.file_url(name, commit, file.path), source, target, watch)


def _check_size(request: _HubRequest, files: list[HubFile]) -> None:
    needed = sum(file.size for file in files)
    if needed > MOST_BYTES or len(files) > MOST_FILES:
        raise StudioError(
            "too_large",
            f"The tokenizer {request.name!r:.120} has {len(files):,} files with {needed:,} bytes; a tokenizer may "
            f"have {MOST_FILES} files with {MOST_BYTES:,} bytes.",
            "Use another tokenizer.",
        )
    left = free_bytes(request.root) - request.keep_free
    if 2 * needed > left:  # once more for what is stored
        raise failures.disk_full(2 * needed, max(0, left))


def _failure(error: Exception, name: str, revision: str | None, *, hf_token_given: bool) -> StudioError:
    failure = failures.hub_failure(error, name, hf_token_given=hf_token_given, revision=revision)
    if failure.code == "repo_not_found":
        return StudioError(
            "tokenizer_not_found",
            f"The Hub has no tokenizer {name!r:.120}, or it is private.",
            "Check the id; a private repository needs an access token.",
        )
    if failure.code == "gated":
        page = f"https://huggingface.co/{name}"
        return StudioError(
            "gated",
            f"The tokenizer {name!r:.120} is gated.",
            f"Accept its terms at {page}, and give an access token of that account.",
        )
    return failure
