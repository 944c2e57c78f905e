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

from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZER_SOURCE
from mistudio_core.files import read_json, write_json

FROM_FILE: Final = "file"
FROM_TRANSFORMERS: Final = "transformers"
_PATTERN: Final = "named-*.json"


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
    write_json(path, asdict(record), durable=True)


def names(root: Path) -> list[Named]:
    """Return every name of a tokenizer that is there, the newest first."""
    found = (_read(path) for path in root.glob(_PATTERN))
    there = [record for record in found if record is not None and (root / record.sha256 / TOKENIZER_SOURCE).is_file()]
    return sorted(there, key=lambda record: (-record.at, record.name, record.sha256))


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


def _read(path: Path) -> Named | None:
    try:
        stored: Any = read_json(path)
    except StudioError:  # a damaged record: its tokenizer is loaded anew when it is asked for
        return None
    if not isinstance(stored, dict) or not {"name", "sha256"} <= stored.keys():
        return None
    known = {field.name for field in fields(Named)}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in stored.items() if key in known
    }
    return Named(**values)
