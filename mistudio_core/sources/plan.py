"""The plan of a download or an import: which files make which splits, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from mistudio_core.files import read_if_sound, write_json

COMPRESSIONS: Final = ("gz", "bz2", "xz", "zst")
MODULES: Final = frozenset({"parquet", "arrow", "json", "csv", "text"})
"""The readers of `datasets` that are used; the others are for pictures, sound and the like."""
_ENDING: Final = re.compile(r"[a-z0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a split: its path in the repository (or on this machine), and its checksum where it is known."""

    split: str
    index: int
    path: str
    size: int
    sha256: str | None = None
    sha1: str | None = None

    @property
    def stem(self) -> str:
        """Return the stem of the part names of this file; sorts as the files of the split do."""
        return f"{self.index:06d}"

    @property
    def label(self) -> str:
        """Return what to call the file in a message: printable, and without where this machine keeps it."""
        name = self.path.rpartition("/")[2] if self.path.startswith("/") else self.path
        return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)[:200]

    @property
    def local_name(self) -> str:
        """Return the name of the file while it is processed; its endings tell the compression."""
        endings = self.path.rpartition("/")[2].lower().split(".")[1:]
        return ".".join([f"{self.split}-{self.stem}", *(part for part in endings if _ENDING.fullmatch(part))])

    @property
    def compression(self) -> str | None:
        """Return the ending of the compression, None for a plain file."""
        ending = self.path.rpartition(".")[2].lower()
        return ending if ending in COMPRESSIONS else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be read, all of it decided before the first byte of data moves.

    `module` is the reader of `datasets`, `options` its settings from the dataset card, `features` the columns as
    `datasets.Features.to_dict` has them, None while only the first file knows. `splits` keeps empty splits.
    """

    module: str
    options: Mapping[str, Any]
    features: Mapping[str, Any] | None
    splits: tuple[str, ...]
    files: tuple[SourceFile, ...]
    repo_id: str | None = None
    revision: str | None = None
    config: str | None = None
    access: str = "public"
    request: Mapping[str, Any] = field(default_factory=dict)

    @property
    def num_bytes(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.files)

    def save(self, path: Path) -> None:
        """Write the plan, so that a resumed job follows the same one, whatever has changed on the Hub."""
        write_json(path, asdict(self), durable=True)

    @classmethod
    def load(cls, path: Path) -> Plan | None:
        """Read a plan that was saved; None where there is none, or a damaged one: it is made again."""
        return read_if_sound(path, cls._of_json)

    @classmethod
    def _of_json(cls, stored: dict[str, Any]) -> Plan:
        files = tuple(SourceFile(**file) for file in stored.pop("files"))
        return cls(**{**stored, "splits": tuple(stored["splits"]), "files": files})
