"""What the manifests of datasets and tokenizations list, compared with what is there before anything of it is read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from mistudio_core.checksums import read_sealed
from mistudio_core.errors import StudioError
from mistudio_core.file_names import DATASET_MANIFEST, RAW, TOKENIZATION_MANIFEST
from mistudio_core.files import ID_PATTERN, damaged

Entries = Sequence[Mapping[str, Any]]

_PARTS: Final = "part-*.parquet"
_SHARDS: Final = "data-*.arrow"


class ListedPart(NamedTuple):
    """A part of a split, and the rows that it must have."""

    path: Path
    num_rows: int


def dataset_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a dataset, or None where there is none; raises `corrupt_data` for a damaged one."""
    return read_sealed(folder / DATASET_MANIFEST, _of_dataset)


def tokenization_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a tokenization, or None where there is none; raises `corrupt_data` for a damaged one."""
    return read_sealed(folder / TOKENIZATION_MANIFEST, _of_tokenization)


def listed_parts(folder: Path) -> dict[str, list[ListedPart]] | None:
    """Return the parts of each split of a dataset, in their order; None while the dataset is being made.

    A folder with the name of a dataset is one that was finished. Raises `corrupt_data`, naming the file, where its
    manifest or a part is missing, a part has another size, or one lies there that the manifest does not list.
    """
    if not ID_PATTERN.fullmatch(folder.name):
        return None
    manifest = dataset_manifest(folder)
    if manifest is None:
        raise damaged(folder / DATASET_MANIFEST, "it is missing")
    must_be_there(folder, manifest["files"])
    _must_be_listed(folder, (folder / RAW).glob(f"*/{_PARTS}"), manifest["files"])
    parts: dict[str, list[ListedPart]] = {split: [] for split in sorted(manifest["splits"])}
    for entry in sorted(manifest["files"], key=lambda entry: str(entry["path"])):
        parts.setdefault(entry["split"], []).append(ListedPart(folder / entry["path"], entry["num_rows"]))
    return parts


def must_hold_its_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise `corrupt_data`, naming the file, where a tokenization's file is missing, added, or has another size."""
    must_be_there(folder, [*manifest.get("shards", ()), *manifest.get("sidecars", ())])
    _must_be_listed(folder, folder.glob(_SHARDS), manifest.get("shards", ()))


def must_be_there(folder: Path, entries: Entries) -> None:
    """Raise `corrupt_data` for the first listed file that is missing or has another size.

    Of a file with several entries, which is being replaced, one must fit.
    """
    sizes: dict[str, list[int | None]] = {}
    for entry in entries:
        sizes.setdefault(_name(entry), []).append(entry.get("size_bytes"))
    for name, allowed in sizes.items():
        path = folder / name
        try:
            size = os.stat(path).st_size
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            raise damaged(path, "it is missing" if missing else f"it cannot be read ({error.strerror})") from None
        if size not in allowed and None not in allowed:
            raise damaged(path, f"it has {size:,} bytes instead of {allowed[0]:,}")
        if path.is_dir():
            raise damaged(path, "there is a folder in its place")


def listed_bytes(folder: Path, manifest: Mapping[str, Any], name: str) -> bytes | None:
    """Return the content of a small listed file; raises `corrupt_data` where it is missing or not what was written.

    A file that the manifest does not list is taken as it is, and None where it is not there.
    """
    path = folder / name
    sums = {entry["sha256"] for entry in manifest.get("sidecars", ()) if _name(entry) == name}
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if sums:
            raise damaged(path, "it is missing") from None
        return None
    except OSError as error:
        raise damaged(path, f"it cannot be read ({error.strerror})") from None
    if sums and hashlib.sha256(content).hexdigest() not in sums:
        raise damaged(path, "its content does not match its checksum")
    return content


def listed_document(folder: Path, manifest: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return a JSON object likewise."""
    content = listed_bytes(folder, manifest, name)
    try:
        value = None if content is None else json.loads(content)
    except (ValueError, RecursionError):
        raise damaged(folder / name, "it does not hold JSON") from None
    if value is not None and not isinstance(value, dict):
        raise damaged(folder / name, "it does not hold a JSON object")
    return value


def added_parts(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each part that lies in a dataset and that its manifest does not list."""
    return [_not_listed(path) for path in _added(folder, (folder / RAW).glob(f"*/{_PARTS}"), manifest["files"])]


def added_shards(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each file of sequences likewise."""
    return [_not_listed(path) for path in _added(folder, folder.glob(_SHARDS), manifest.get("shards", ()))]


def _must_be_listed(folder: Path, found: Iterable[Path], entries: Entries) -> None:
    for path in _added(folder, found, entries):
        raise StudioError("corrupt_data", _not_listed(path), "Move the file elsewhere.", {"file": str(path)})


def _added(folder: Path, found: Iterable[Path], entries: Entries) -> list[Path]:
    names = {_name(entry) for entry in entries}
    return sorted(path for path in found if path.relative_to(folder).as_posix() not in names)


def _not_listed(path: Path) -> str:
    return f"{path} does not belong to what was written: its manifest does not list it."


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("file") or entry["path"])


def _of_dataset(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest that has the form that readers count on; raise KeyError or TypeError otherwise."""
    _check_counts(manifest["splits"])
    for entry in [*manifest["files"], *manifest.get("sidecars", ())]:
        _name(entry).encode()
    for entry in manifest["files"]:
        _check_counts({str(entry["split"]): entry["num_rows"]})
    return manifest


def _of_tokenization(manifest: dict[str, Any]) -> dict[str, Any]:
    for counts in manifest["splits"].values():
        _check_counts({name: counts[name] for name in ("num_samples", "num_sequences") if name in counts})
    for entry in [*manifest.get("shards", ()), *manifest.get("sidecars", ())]:
        _name(entry).encode()
    return manifest


def _check_counts(counts: Mapping[str, Any]) -> None:
    if not all(isinstance(count, int) and count >= 0 for count in counts.values()):
        raise TypeError("counts")
