"""What a look worker and the program that asks it say to each other: JSON documents, each after its length in bytes."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from mistudio_core.errors import StudioError

LENGTH: Final = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may take: `seconds` of processor time, and `num_bytes` of JSON."""

    seconds: float = 5.0
    num_bytes: int = 1 << 20


def frame(value: Any) -> bytes:
    """Return a JSON document as it is sent; halves of surrogate pairs in its texts come through."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return LENGTH.pack(len(data)) + data


def document(data: bytes) -> Any:
    """Return what `frame` wrote, without its length."""
    return json.loads(data.decode("utf-8", "surrogatepass"))


def read_frame(stream: BinaryIO) -> Any:
    """Return the next document of a stream; raise `EOFError` where there is none."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    return document(stream.read(LENGTH.unpack(head)[0]))


def answer_too_large(subject: str, num_bytes: int) -> StudioError:
    """Return the error for an answer beyond its limit."""
    return StudioError(
        "too_large",
        f"{subject} makes more than {num_bytes:,} bytes of this, which is the limit for what is shown at once.",
        "Try a shorter text.",
        {"most_bytes": num_bytes},
    )
