"""The checksums of an export, in a file beside its folder: the folder itself holds what its reader expects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mistudio_core.checksums import (
    LIST_ENDING,
    entry_problems,
    file_entries,
    list_of,
    read_sealed,
    seal_problem,
    write_sealed,
)  # fmt: skip
from mistudio_core.errors import StudioError
from mistudio_core.files import walk_files


def listed_exports(folder: Path) -> list[Path]:
    """Return the folders of the exports below `folder` of which the checksums are known."""
    return sorted(path.with_name(path.name.removesuffix(LIST_ENDING)) for path in folder.glob(f"*{LIST_ENDING}"))


def write_list(folder: Path, max_samples: int | None) -> None:
    """Write down what the files of an export are, and after how many samples of each split it was cut."""
    names = sorted(path.relative_to(folder).as_posix() for path in walk_files(folder))
    write_sealed(list_of(folder), {"max_samples": max_samples, "checked": file_entries(folder, names)})


def export_problems(folder: Path) -> tuple[int, list[str]]:
    """Return how many files of an export were checked, and a sentence for each that is missing or damaged."""
    try:
        entries = read_sealed(list_of(folder), lambda value: list(value["checked"])) or []
        damage = seal_problem(list_of(folder))
    except StudioError as error:
        entries, damage = [], error.message
    return 1 + len(entries), ([damage] if damage else []) + entry_problems(folder, entries)


def max_samples_of(folder: Path) -> int | None:
    """Return after how many samples of each split an export was cut, None where it was not; raises `corrupt_data`."""

    def read(value: Mapping[str, Any]) -> list[int]:
        return [] if value["max_samples"] is None else [int(value["max_samples"])]

    return next(iter(read_sealed(list_of(folder), read) or ()), None)
