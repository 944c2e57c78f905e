"""What a step leaves behind: its files, and last of all a receipt that holds their checksums."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mistudio_core.checksums import sealed
from mistudio_core.errors import StudioError
from mistudio_core.files import file_problem, json_bytes, read_json, write_bytes, write_json

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FileSum:
    """Name, size and SHA-256 of a file."""

    file: str
    size_bytes: int
    sha256: str


def write_side_file(path: Path, arrays: Arrays, *, durable: bool = True) -> FileSum:
    """Write what a step knows beside its sequences, synced with its folder unless it is soon made again.

    The file is the length of a header (8 bytes), the header, which is JSON of names, types and shapes, and the arrays
    as they lie in memory: reading it costs a twentieth of reading an .npz of so many small arrays.
    """
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    header = json_bytes({name: [array.dtype.str, array.shape] for name, array in whole.items()})
    parts = [len(header).to_bytes(8, "little"), header, *(array.tobytes() for array in whole.values())]
    return write_data(path, b"".join(parts), durable=durable)


def read_side_file(path: Path, *names: str) -> dict[str, npt.NDArray[Any]]:
    """Return the named arrays of a side file, or all of them; they cannot be written to."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    found = {}
    for name, (kind, shape) in json.loads(data[8:start]).items():
        count = math.prod(shape)
        if not names or name in names:
            found[name] = np.frombuffer(data, kind, count, start).reshape(shape)
        start += count * np.dtype(kind).itemsize
    return found


def write_data(path: Path, data: bytes, *, durable: bool = True) -> FileSum:
    """Write a file and return its checksum."""
    write_bytes(path, data, durable=durable)
    return FileSum(path.name, len(data), hashlib.sha256(data).hexdigest())


def write_receipt(path: Path, content: Mapping[str, Any], files: Sequence[FileSum], *, durable: bool = True) -> None:
    """Write a receipt: from now on the step counts as done. Its files must be synced already if it is `durable`."""
    write_json(path, sealed({**content, "files": [asdict(file) for file in files]}), durable=durable)


def read_receipt(path: Path) -> dict[str, Any] | None:
    """Return a receipt, None where there is none or it is not what was written."""
    try:
        stored = read_json(path)
        return stored if isinstance(stored, dict) and sealed(stored) == stored else None
    except (StudioError, UnicodeDecodeError):
        return None


def receipt_problem(path: Path, moved: Mapping[str, Path]) -> str | None:
    """Return in a sentence what is wrong with a step's receipt or files, None where nothing is.

    `moved` gives the place of files that have left the folder of the receipt.
    """
    receipt = read_receipt(path)
    if receipt is None:
        return f"{path} is missing or damaged."
    for one in receipt["files"]:
        place = path.with_name(one["file"])
        if not place.exists():
            place = moved.get(one["file"], place)
        problem = file_problem(place, one["size_bytes"], one["sha256"])
        if problem is not None:
            return problem
    return None
