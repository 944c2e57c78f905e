"""The checksum of an export of samples, in a file beside it."""

from __future__ import annotations

from pathlib import Path

from mistudio_core.checksums import LIST_ENDING, file_entries, list_of, write_sealed


def listed_exports(folder: Path) -> list[tuple[Path, Path]]:
    """Return the exports of samples in a folder of which the checksum is known, each with the file that holds it."""
    lists = sorted(folder.glob(f"samples-*{LIST_ENDING}"))
    return [(path.with_name(path.name.removesuffix(LIST_ENDING)), path) for path in lists]


def write_list(export: Path) -> None:
    """Write down what an export is; it is deleted where that cannot be written."""
    try:
        write_sealed(list_of(export), {"checked": file_entries(export.parent, [export.name])})
    except OSError:
        export.unlink(missing_ok=True)
        raise
