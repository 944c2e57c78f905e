"""Paths under the home folder, and atomic writing of files."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from mistudio_core.errors import StudioError, check_text, invalid
from mistudio_core.file_names import TOKENIZED, UNDO

ID_PATTERN: Final = re.compile(r"(ds|tok|job)_[a-z0-9]{12}")
SPLIT_PATTERN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
KEPT: Final = "kept-"
"""How folders of the trash begin that can be put back."""
_ID_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # no 0/o, 1/l: ids are read aloud and typed
_HASH_CHUNK_BYTES: Final = 1 << 20
_WRONG_FORM: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What Python raises where a document has not the form that a record is made from."""

Made = TypeVar("Made")


def new_id(prefix: str) -> str:
    """Return a fresh id such as `ds_k3m9...`: 12 random characters, 60 bits."""
    return f"{prefix}_{''.join(secrets.choice(_ID_ALPHABET) for _ in range(12))}"


def checked_id(value: str, prefix: str) -> str:
    """Return `value` if it is an id of this kind; raise `not_found` otherwise.

    Every path of the library is built from an id that passed here, so a hostile id never reaches
    the file system.
    """
    if not ID_PATTERN.fullmatch(value) or not value.startswith(prefix + "_"):
        raise StudioError(
            "not_found",
            f"Nothing has the id {value[:80]!r}.",
            "Check the id; it may have been deleted.",
        )
    return value


def checked_split(name: str) -> str:
    """Return `name` if it may name a folder; raise `invalid_request` otherwise."""
    if not SPLIT_PATTERN.fullmatch(name) or ".." in name:
        raise invalid(
            f"{name[:80]!r} is not a split name.",
            "A split name consists of letters, digits, '_', '-' and '.', for example 'train'.",
        )
    return name


class Home:
    """The layout of one library folder (`MISTUDIO_HOME`); hands out paths and makes nothing."""

    def __init__(self, root: Path) -> None:
        """Take the folder that holds everything; it need not exist yet."""
        self.root = root
        self.catalog = root / "catalog.duckdb"
        self.generation = root / "catalog.generation"
        self.datasets = root / "datasets"
        self.jobs = root / "jobs"
        self.tokenizers = root / "tokenizers"
        self.uploads = root / "uploads"
        self.exports = root / "exports"
        self.locks = root / "locks"
        self.trash = root / ".trash"

    def prepare(self) -> None:
        """Make the folders; raise `invalid_request` when the home cannot be written."""
        if "?" in str(self.root):  # DuckDB would take the rest of the path for parameters
            raise invalid(
                f"The path of the library folder {self.root} contains a question mark.", "Choose another folder."
            )
        try:
            for folder in (
                self.root, self.datasets, self.jobs, self.tokenizers, self.uploads, self.exports, self.locks, self.trash
            ):  # fmt: skip
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.locks / f"probe-{secrets.token_hex(4)}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT) and self.locks.is_dir():
                return  # on a full disk everything can be read and deleted
            raise unwritable(self.root, error) from None

    def dataset(self, dataset_id: str) -> Path:
        """Return the folder of a ready dataset."""
        return self.datasets / checked_id(dataset_id, "ds")

    def dataset_draft(self, dataset_id: str) -> Path:
        """Return the folder in which a dataset is built before it is ready."""
        return self.datasets / f"{checked_id(dataset_id, 'ds')}.part"

    def tokenization(self, dataset_id: str, tokenization_id: str) -> Path:
        """Return the folder of a ready tokenization."""
        return self.dataset(dataset_id) / TOKENIZED / checked_id(tokenization_id, "tok")

    def tokenization_draft(self, dataset_id: str, tokenization_id: str) -> Path:
        """Return the folder in which a tokenization is built before it is ready."""
        return self.dataset(dataset_id) / TOKENIZED / f"{checked_id(tokenization_id, 'tok')}.part"

    def job(self, job_id: str) -> Path:
        """Return the folder of a job."""
        return self.jobs / checked_id(job_id, "job")

    def upload_of(self, path: Path) -> Path | None:
        """Return what lies directly in `uploads` and holds `path`; None for a file that is not an upload."""
        if not path.is_relative_to(self.uploads) or path == self.uploads or ".." in path.parts:
            return None
        return self.uploads / path.relative_to(self.uploads).parts[0]

    def to_trash(self, folder: Path) -> Path | None:
        """Move a folder into the trash in one step and return its place there; None when there is no folder.

        A folder outside of the home is refused.
        """
        if not folder.is_relative_to(self.root) or folder == self.root:
            raise StudioError("internal", f"Refused to delete {folder}: it is not inside the library.")
        target = self.trash / f"{folder.name}-{secrets.token_hex(4)}"
        try:
            os.rename(folder, target)
        except FileNotFoundError:
            return None
        return target

    def discard(self, folder: Path) -> int:
        """Move a folder or a file into the trash, then delete it; return the bytes that were freed."""
        target = self.to_trash(folder)
        return 0 if target is None else delete_trashed(target)

    def sweep_trash(self, *, everything: bool = False) -> None:
        """Finish deletions that were interrupted; what can still be undone stays, unless `everything` goes."""
        for leftover in self.trash.iterdir() if self.trash.is_dir() else ():
            if everything or not can_be_undone(leftover):
                delete_trashed(leftover)


def can_be_undone(place: Path) -> bool:
    """Tell whether something in the trash can still be undone."""
    if not place.name.startswith(KEPT):
        return False
    until = read_if_sound(place / UNDO, lambda facts: float(facts["until"]))
    return until is not None and until > time.time()


def unwritable(root: Path, error: OSError) -> StudioError:
    """Return the error for a library folder that the system does not let be written."""
    return invalid(
        f"The library folder {root} cannot be written ({error.strerror or 'input/output error'}).",
        "Set MISTUDIO_HOME (or --home) to a writable folder with free space.",
    )


def delete_trashed(place: Path) -> int:
    """Delete a folder or a file that is in the trash; return the bytes that were freed. Links are not followed."""
    if place.is_dir() and not place.is_symlink():
        freed = folder_bytes(place)
        shutil.rmtree(place, ignore_errors=True)
        return freed
    with contextlib.suppress(OSError):
        freed = place.lstat().st_size
        place.unlink()
        return freed
    return 0


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Put `data` at `path` in one step: readers see the old file or the complete new one.

    With `durable` the bytes and the folder are synced first, so that the file survives a power cut. A folder that lies
    in its place is put aside.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(draft, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        put_in_place(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def put_in_place(draft: Path, path: Path) -> None:
    """Give a complete draft its name; a folder that lies there is put aside, beside it."""
    try:
        os.replace(draft, path)
    except IsADirectoryError:
        os.rename(path, path.with_name(f".{path.name}.{secrets.token_hex(8)}.damaged"))
        os.replace(draft, path)


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Put a JSON document at `path` in one step; keys keep their order."""
    write_bytes(path, json_bytes(value), durable=durable)


def json_bytes(value: Any) -> bytes:
    """Return a JSON document as it is written; raise `invalid_request` for texts that UTF-8 cannot hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    check_text("A text that was given", text)
    return text.encode()


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object at `path`, or None where there is no file.

    Raises `corrupt_data`, naming the file, for whatever else lies there: no JSON, JSON of another form, nesting deeper
    than Python reads, a folder, or a file that cannot be read.
    """
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise damaged(path, "there is a folder in its place") from None
    except OSError as error:
        raise damaged(path, f"it cannot be read ({error.strerror or 'input/output error'})") from None
    except (ValueError, RecursionError):
        raise damaged(path, "it does not hold JSON") from None
    if not isinstance(value, dict):
        raise damaged(path, "it does not hold a JSON object")
    return value


def read_record(path: Path, make: Callable[[dict[str, Any]], Made]) -> Made | None:
    """Return what `make` makes of the JSON object at `path`, or None where there is no file.

    Raises `corrupt_data`, naming the file, also where `make` misses a field or finds one of another type.
    """
    value = read_json(path)
    if value is None:
        return None
    try:
        return make(value)
    except _WRONG_FORM as error:
        missing = f"it has no {error.args[0]!r:.40}" if isinstance(error, KeyError) else "a field has another form"
        raise damaged(path, missing) from None


def read_if_sound(path: Path, make: Callable[[dict[str, Any]], Made]) -> Made | None:
    """Return a record as `read_record` does, None also for a damaged one: for what is then simply made again."""
    try:
        return read_record(path, make)
    except StudioError:
        return None


def damaged(path: Path, why: str, hint: str = "Repair what it belongs to, or delete it.") -> StudioError:
    """Return the error for a file that is not what was written; `details` name it."""
    return StudioError("corrupt_data", f"{path} is damaged: {why}.", hint, {"file": str(path)})


def sync_file(path: Path) -> None:
    """Wait until the bytes of `path` are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the names in `path` are on the disk."""
    sync_file(path)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def file_problem(path: Path, size_bytes: int, sha256: str) -> str | None:
    """Return in a sentence how a file differs from what was written, None where it does not."""
    try:
        size = path.stat().st_size
        if size != size_bytes:
            return f"{path} has {size:,} bytes instead of {size_bytes:,}."
        damaged = file_sha256(path) != sha256
        return f"{path} is damaged: its content does not match its checksum." if damaged else None
    except FileNotFoundError:
        return f"{path} is missing."
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})."


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield the regular files below `folder`, without following links."""
    for parent, _, names in os.walk(folder, followlinks=False):
        yield from (Path(parent) / name for name in names)


def folder_bytes(folder: Path) -> int:
    """Return the bytes of the files below `folder`; files that vanish meanwhile count nothing."""
    total = 0
    for path in walk_files(folder):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size
    return total


def free_bytes(folder: Path) -> int:
    """Return the free disk space for `folder`, in bytes."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
