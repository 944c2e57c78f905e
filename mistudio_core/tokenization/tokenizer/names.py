"""Under which names the library knows each stored tokenizer: one content may go by many, one name by several contents.

A name is a Hub id, a path or `sample`. Each name, commit and source has one record, a small JSON file beside the
folders of the tokenizers.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from mistudio_core.checksums import read_sealed, seal_problem, write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.field_types import checked
from mistudio_core.file_names import TOKENIZER_SOURCE
from mistudio_core.files import read_json

FROM_FILE: Final = "file"
FROM_TRANSFORMERS: Final = "transformers"
_PATTERN: Final = "named-*.json"
_RECORD: Final = "record"
"""In a file from before there were checksums the fields of the record stand by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What one name stands for.

    `source` is `file` for a `tokenizer.json` as it is, `transformers` for what AutoTokenizer makes of the files;
    `is_default` tells whether that is what is taken where nothing was chosen. `asked` holds the revisions that were
    asked for and led here. `content` identifies the files it was loaded from, `made_by` the program that did it.
    `notes` are sentences on how the stored tokenizer differs from its files.
    """

    name: str
    sha256: str
    revision: str | None = None
    source: str = FROM_FILE
    is_default: bool = True
    asked: tuple[str, ...] = ()
    content: str = ""
    made_by: str = ""
    notes: tuple[str, ...] = ()
    at: float = 0.0

    def has_source(self, wanted: str) -> bool:
        """Tell whether `wanted` (`auto`, `file` or `transformers`) means this one."""
        return self.is_default if wanted == "auto" else self.source == wanted

    def has_revision(self, wanted: str | None) -> bool:
        """Tell whether a branch, tag or commit led here; None is any."""
        return wanted is None or wanted == self.revision or wanted in self.asked


def keep_name(root: Path, named: Named) -> None:
    """Write the record of a name; the revisions that led to it before still do."""
    path = _path(root, named)
    before = _read(path)
    asked = {*named.asked, *(before.asked if before is not None else ())}
    record = replace(named, asked=tuple(sorted(asked)), at=time.time())
    write_sealed(path, {_RECORD: asdict(record)})


def record_files(root: Path) -> list[Path]:
    """Return the files of all records."""
    return sorted(root.glob(_PATTERN))


def names(root: Path) -> list[Named]:
    """Return every name of a tokenizer that is there, the newest first."""
    return [record for record in all_names(root) if (root / record.sha256 / TOKENIZER_SOURCE).is_file()]


def all_names(root: Path) -> list[Named]:
    """Return every name, also of a tokenizer that is lost, the newest first."""
    found = [record for path in record_files(root) if (record := _read(path)) is not None]
    return sorted(found, key=lambda record: (-record.at, record.name, record.sha256))


def find_name(root: Path, name: str, *, revision: str | None = None, source: str = "auto") -> Named | None:
    """Return what a name stands for; of several commits the one loaded last."""
    return next(_matching(root, name, revision, source), None)


def _matching(root: Path, name: str, revision: str | None, source: str) -> Iterator[Named]:
    for record in names(root):
        if record.name == name and record.has_revision(revision) and record.has_source(source):
            yield record


def _path(root: Path, named: Named) -> Path:
    key = json.dumps([named.name, named.revision, named.source]).encode()
    return root / f"named-{hashlib.sha256(key).hexdigest()[:40]}.json"


def record_problem(path: Path) -> str | None:
    """Return in a sentence how the record of a name is damaged, None where it is not."""
    if _read(path) is None:
        return f"{path} is damaged: it does not name a tokenizer."
    return seal_problem(path) if _RECORD in (read_json(path) or {}) else None


def _read(path: Path) -> Named | None:
    """Return the record in a file; None where it is damaged: its tokenizer is loaded anew when it is asked for."""
    try:
        stored: Any = read_json(path)
        if isinstance(stored, dict) and _RECORD in stored:
            stored = read_sealed(path, lambda value: value[_RECORD])
        known = {field.name for field in fields(Named)}
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in stored.items() if key in known
        }
        return checked(Named(**values))
    except (StudioError, AttributeError, TypeError):
        return None
