"""Local files as a source: checked before a job starts, then planned like a download."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import ARROW_INFO, ARROW_SPLITS, ARROW_STATE
from mistudio_core.files import SPLIT_PATTERN, read_json
from mistudio_core.sources.import_options import ImportOptions
from mistudio_core.sources.plan import COMPRESSIONS, Plan, SourceFile

FORMATS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "parquet": ("parquet", {}),
    "jsonl": ("json", {}),
    "json": ("json", {}),
    "csv": ("csv", {}),
    "tsv": ("csv", {"sep": "\t"}),
    "txt": ("text", {}),
    "arrow": ("arrow", {}),
}
"""The formats by their endings: the reader of `datasets` and its settings."""
_SAME_FORMAT: Final = {"ndjson": "jsonl", "text": "txt", "geoparquet": "parquet"}
_ARCHIVES: Final = frozenset({"zip", "tar", "tgz", "tbz2", "txz", "7z", "rar"})
_MAX_FILES: Final = 10_000
_PARQUET_MAGIC: Final = b"PAR1"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that may be imported; `format` is a key of `FORMATS`."""

    path: Path
    format: str
    size: int
    split: str = "train"


def check_paths(
    paths: Sequence[Path], file_format: str | None = None, options: ImportOptions | None = None
) -> list[LocalFile]:
    """Return the files to import, each looked at only so far that an import has a chance.

    `paths` are files of one format, or one folder that `save_to_disk` wrote. `file_format` overrides what the names
    say, `options` have to suit the format. Raises `invalid_request` for other folders, formats and options,
    `not_found`, `permission_denied`, `no_data` for empty files and `corrupt_data` for what is plainly not what it
    should be.
    """
    if not paths:
        raise invalid("No files given.", "Name at least one file to import.")
    if len(paths) == 1 and _is_folder(paths[0]):
        files = _saved_files(paths[0])
    else:
        files = [_checked_file(path, file_format) for path in paths]
    if len(files) > _MAX_FILES:
        raise invalid(f"{len(files):,} files is too many.", f"Import at most {_MAX_FILES:,} files at a time.")
    if any(FORMATS[file.format] != FORMATS[files[0].format] for file in files):
        listed = ", ".join(sorted({file.format for file in files}))
        raise invalid(f"The files have several formats: {listed}.", "Import files of one format at a time.")
    if not any(file.size for file in files):
        raise StudioError("no_data", f"{_names(paths)} is empty.", "Choose a file that has data.")
    if options is not None:
        options.settings(FORMATS[files[0].format][0], files[0].format)
    return files


def plan_import(paths: Sequence[Path], file_format: str | None = None, options: ImportOptions | None = None) -> Plan:
    """Check `paths` and return the plan that reads them; a folder of `save_to_disk` keeps its splits and columns."""
    files = check_paths(paths, file_format, options)
    module, settings = FORMATS[files[0].format]
    chosen = (options or ImportOptions()).settings(module, files[0].format)
    splits = tuple(_saved_splits(paths[0]) or dict.fromkeys(file.split for file in files))
    return Plan(
        module=module,
        options={**settings, **chosen},
        features=_saved_features(files[0].path.parent) if _is_folder(paths[0]) else None,
        splits=splits,
        files=tuple(
            SourceFile(split, index, str(file.path), file.size)
            for split in splits
            for index, file in enumerate(one for one in files if one.split == split)
        ),
    )


def _checked_file(path: Path, file_format: str | None) -> LocalFile:
    size = _regular_size(path)
    found = _format(path, file_format)
    packed = path.suffix.lower().lstrip(".") in COMPRESSIONS
    try:
        with open(path, "rb") as file:
            head = file.read(len(_PARQUET_MAGIC))
            file.seek(max(0, size - len(_PARQUET_MAGIC)))
            tail = file.read()
    except PermissionError:
        raise StudioError(
            "permission_denied", f"No permission to read {path}.", "Check its owner and permissions."
        ) from None
    except OSError as error:
        raise StudioError("corrupt_data", f"{path} cannot be read ({error.strerror}).", "Check the disk.") from None
    if found == "parquet" and not packed and size and not head == tail == _PARQUET_MAGIC:
        raise StudioError(
            "corrupt_data", f"{path.name} is not a complete Parquet file.", "It is truncated or has another format."
        )
    return LocalFile(path, found, size)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # no path at all, which the next look explains
        return False


def _regular_size(path: Path) -> int:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise StudioError("not_found", f"There is no file {path}.", "Check the spelling of the path.") from None
    except PermissionError:
        raise StudioError(
            "permission_denied", f"No permission to read {path}.", "Check the permissions of its folder."
        ) from None
    except (OSError, ValueError):
        raise invalid(f"{str(path)[:200]!r} is not a path.", "Name a file on this machine.") from None
    if stat.S_ISDIR(status.st_mode):
        raise invalid(
            f"{path} is a folder that save_to_disk did not write.",
            "Give the files in it, or a single folder written by save_to_disk.",
        )
    if not stat.S_ISREG(status.st_mode):
        raise invalid(f"{path} is not a regular file.", "Copy the data to a regular file first.")
    return status.st_size


def _format(path: Path, file_format: str | None) -> str:
    """Return the format that was named, or that the endings of the name tell."""
    if file_format is not None:
        name = file_format.strip().lower().lstrip(".")
        name = _SAME_FORMAT.get(name, name)
        if name not in FORMATS:
            raise invalid(f"{file_format[:40]!r} is not a known format.", f"Choose one of {', '.join(FORMATS)}.")
        return name
    endings = [part.lower() for part in path.name.split(".")[1:]]
    if endings and endings[-1] in COMPRESSIONS:
        endings.pop()
    ending = _SAME_FORMAT.get(endings[-1], endings[-1]) if endings else ""
    if ending in _ARCHIVES:
        raise invalid(f"{path.name!r} is an archive.", "Unpack it and import the files in it.")
    if ending not in FORMATS:
        raise invalid(
            f"The format of {path.name!r} cannot be detected from its name.",
            f"Supported are .{', .'.join(FORMATS)}, each also with .{', .'.join(COMPRESSIONS)}; or give the format.",
        )
    return ending


def _saved_files(folder: Path) -> list[LocalFile]:
    """Return the Arrow files of a folder written by `save_to_disk`, of one dataset or of several splits."""
    splits = _saved_splits(folder)
    if splits:
        return [file for name in splits for file in _saved_split(folder / name, name)]
    if not (folder / ARROW_STATE).is_file():
        _regular_size(folder)
    return _saved_split(folder, None)


def _saved_splits(folder: Path) -> list[str]:
    """Return the splits that a folder of several lists, empty ones too; none where it is no such folder."""
    listed = (_stored(folder / ARROW_SPLITS) or {}).get("splits")
    names = [str(name) for name in listed] if isinstance(listed, list) else []
    for name in names:
        if not SPLIT_PATTERN.fullmatch(name) or ".." in name:
            raise invalid(f"{folder} has a split named {name[:80]!r}.", "Rename the split and save it again.")
    return names


def _saved_split(folder: Path, split: str | None) -> list[LocalFile]:
    state = _stored(folder / ARROW_STATE)
    listed = (state or {}).get("_data_files")
    if state is None or not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise StudioError(
            "corrupt_data", f"{folder} is incomplete: its state.json is missing or damaged.", "Save the dataset again."
        )
    known = split or str(state.get("_split") or "train")
    name = known if SPLIT_PATTERN.fullmatch(known) and ".." not in known else "train"
    files = []
    for entry in listed:
        path = folder / Path(str(entry.get("filename"))).name  # never out of the folder
        files.append(LocalFile(path, "arrow", _regular_size(path), name))
    return files


def _saved_features(folder: Path) -> dict[str, Any] | None:
    features = (_stored(folder / ARROW_INFO) or {}).get("features")
    return features if isinstance(features, dict) and features else None


def _stored(path: Path) -> dict[str, Any] | None:
    stored = read_json(path)
    return stored if isinstance(stored, dict) else None


def _names(paths: Sequence[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"Each of the {len(paths)} files"
