"""Getting a tokenizer from the Hub, a folder or a file into the library."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import TOKENIZER_JSON
from mistudio_core.tokenization.loading.build import build
from mistudio_core.tokenization.loading.files import content_of, copy_alone
from mistudio_core.tokenization.loading.hub import commit_of, download, hub_errors
from mistudio_core.tokenization.tokenizer.names import FROM_FILE, FROM_TRANSFORMERS, Named, keep_name, names
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_named
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer

_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


def is_path(name: str) -> bool:
    """Tell whether a tokenizer is given as a path: it starts with `/`, `./`, `../` or `~`."""
    return name.startswith(("/", "./", "../", "~"))


def load_tokenizer(
    root: Path, name: str, *, revision: str | None = None, hf_token: str | None = None, source: str = "auto"
) -> StoredTokenizer:
    """Load a tokenizer from the Hub (pinned to a commit) or from a path, keep it under `root` and return it.

    `source` is `file` (its `tokenizer.json` as it is), `transformers` (what AutoTokenizer makes of it) or `auto`: the
    file for a file that is named, else transformers. Never runs code that came with it. Raises `tokenizer_not_found`,
    `tokenizer_unsupported`, `revision_not_found`, `gated`, `token_rejected` or `hub_unreachable`.
    """
    root.mkdir(parents=True, exist_ok=True)
    if is_path(name):
        return _from_path(root, name, Path(name).expanduser().resolve(), source)
    if not _HUB_ID.fullmatch(name):
        raise invalid(f"{name!r:.80} is not a tokenizer.", "Give a Hub id such as 'openai-community/gpt2' or a path.")
    with hub_errors(name):
        commit = commit_of(name, revision, hf_token)
        wanted = _wanted(name, source, FROM_TRANSFORMERS)
        wanted = replace(wanted, revision=commit, asked=(revision,) if revision else ())
        known = [one for one in names(root) if (one.name, one.revision) == (name, commit)]
        if (again := _known(root, wanted, known)) is not None:
            return again
        with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as folder:
            download(name, commit, hf_token, Path(folder))
            return _stored(root, Path(folder), wanted)


def _from_path(root: Path, name: str, path: Path, source: str) -> StoredTokenizer:
    if path.is_dir():
        return _from_folder(root, path, _wanted(str(path), source, FROM_TRANSFORMERS))
    if not path.is_file():
        raise StudioError("tokenizer_not_found", f"There is no tokenizer at {name!r:.200}.", "Check the path.")
    with tempfile.TemporaryDirectory(prefix=".local-", dir=root) as folder:
        copy_alone(path, Path(folder))
        default = FROM_FILE if (Path(folder) / TOKENIZER_JSON).is_file() else FROM_TRANSFORMERS
        return _from_folder(root, Path(folder), _wanted(str(path), source, default))


def _from_folder(root: Path, folder: Path, wanted: Named) -> StoredTokenizer:
    """Load from a local folder; one whose files were loaded before is known by their content."""
    wanted = replace(wanted, content=content_of(folder, wanted.name))
    known = [one for one in names(root) if one.content == wanted.content]
    return _known(root, wanted, known) or _stored(root, folder, wanted)


def _wanted(name: str, source: str, default: str) -> Named:
    """Return the record of a name before its content is known; `default` is the source where none was chosen."""
    chosen = default if source == "auto" else source
    made_by = f"transformers {version('transformers')}, tokenizers {version('tokenizers')}"
    return Named(name=name, sha256="", source=chosen, is_default=chosen == default, made_by=made_by)


def _known(root: Path, wanted: Named, candidates: list[Named]) -> StoredTokenizer | None:
    """Return what the same files came to before, by the same source and the same version of transformers."""
    for found in candidates:
        if (found.source, found.made_by) == (wanted.source, wanted.made_by):
            return _kept(root, replace(wanted, sha256=found.sha256, notes=found.notes))
    return None


def _stored(root: Path, folder: Path, wanted: Named) -> StoredTokenizer:
    on_hub = wanted.name if wanted.revision is not None else None
    built = build(folder, name=wanted.name, source=wanted.source, on_hub=on_hub)
    stored = store_tokenizer(root, built.tokenizer_json, built.settings, name=wanted.name, revision=wanted.revision)
    return _kept(root, replace(wanted, sha256=stored.sha256, notes=built.notes))


def _kept(root: Path, named: Named) -> StoredTokenizer:
    keep_name(root, named)
    return open_named(root, named)
