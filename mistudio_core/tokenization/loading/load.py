"""Getting the files of a tokenizer into the library: those of a path, or those that were brought from the Hub."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZER_JSON
from mistudio_core.tokenization.loading.build import build
from mistudio_core.tokenization.loading.files import content_of, copy_alone
from mistudio_core.tokenization.tokenizer.contents import tokenizer_problems
from mistudio_core.tokenization.tokenizer.names import FROM_FILE, FROM_TRANSFORMERS, Named, keep_name, names
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_named
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer

Keep = Callable[[Path, Path, Named], Named]
"""What stores, under a root, what the files of a folder come to by the source of a name; see `keep_files`."""


def is_path(name: str) -> bool:
    """Tell whether a tokenizer is given as a path: it starts with `/`, `./`, `../` or `~`."""
    return name.startswith(("/", "./", "../", "~"))


def load_from_path(root: Path, name: str, source: str, keep: Keep) -> StoredTokenizer:
    """Load a tokenizer from a folder or a file; raises `tokenizer_not_found` or `tokenizer_unsupported`."""
    path = Path(name).expanduser().resolve()
    if path.is_dir():
        return _from_folder(root, path, wanted_name(str(path), source, FROM_TRANSFORMERS), keep)
    if not path.is_file():
        raise StudioError("tokenizer_not_found", f"There is no tokenizer at {name!r:.200}.", "Check the path.")
    with tempfile.TemporaryDirectory(prefix=".local-", dir=root) as folder:
        copy_alone(path, Path(folder))
        default = FROM_FILE if (Path(folder) / TOKENIZER_JSON).is_file() else FROM_TRANSFORMERS
        return _from_folder(root, Path(folder), wanted_name(str(path), source, default), keep)


def keep_files(root: Path, folder: Path, wanted: Named) -> Named:
    """Open the tokenizer in `folder`, store it under `root` and return the record of its name, which is stored too.

    A stranger wrote these files: opening them may take any time and memory.
    """
    on_hub = wanted.name if wanted.revision is not None else None
    built = build(folder, name=wanted.name, source=wanted.source, on_hub=on_hub)
    stored = store_tokenizer(root, built.tokenizer_json, built.settings, name=wanted.name, revision=wanted.revision)
    named = replace(wanted, sha256=stored.sha256, notes=built.notes)
    keep_name(root, named)
    return named


def wanted_name(name: str, source: str, default: str) -> Named:
    """Return the record of a name before its content is known; `default` is the source where none was chosen."""
    chosen = default if source == "auto" else source
    made_by = f"transformers {version('transformers')}, tokenizers {version('tokenizers')}"
    return Named(name=name, sha256="", source=chosen, is_default=chosen == default, made_by=made_by)


def known_again(root: Path, wanted: Named, candidates: list[Named]) -> StoredTokenizer | None:
    """Return what the same files came to before, by the same source and the same version of transformers."""
    for found in candidates:
        alike = (found.source, found.made_by) == (wanted.source, wanted.made_by)
        if alike and not tokenizer_problems(root / found.sha256):
            named = replace(wanted, sha256=found.sha256, notes=found.notes)
            keep_name(root, named)
            return open_named(root, named)
    return None


def _from_folder(root: Path, folder: Path, wanted: Named, keep: Keep) -> StoredTokenizer:
    """Load from a local folder; one whose files were loaded before is known by their content."""
    wanted = replace(wanted, content=content_of(folder, wanted.name))
    known = [one for one in names(root) if one.content == wanted.content]
    return known_again(root, wanted, known) or open_named(root, keep(root, folder, wanted))
