"""Samples of JSON lines that are `null`: Arrow's reader ends the process where such a line begins a block."""

from __future__ import annotations

import io
import re
from typing import Any, Final

import pyarrow as pa
import pyarrow.json as paj

_NULL_ROWS: Final = re.compile(rb"(\A\s*|\}\s*\n\s*)((?:null\s*\n\s*)*null)(?=\s*(?:\n|\Z))")
"""Behind the end of an object and without a comma a value can only be a sample of its own."""


class SafeReader:
    """Stands for `pyarrow.json` where `datasets` uses it."""

    ReadOptions = paj.ReadOptions

    @staticmethod
    def read_json(buffer: io.BytesIO, read_options: Any = None) -> pa.Table:
        """Read JSON lines as Arrow does; a sample that is null is one without any value."""
        data = buffer.getvalue()
        if b"null\n" in data or b"null\r" in data or data.rstrip().endswith(b"null"):
            data = _NULL_ROWS.sub(lambda found: found[1] + found[2].replace(b"null", b"{}"), data)
        return paj.read_json(io.BytesIO(data), read_options=read_options)


def install() -> None:
    """Let the JSON reader of `datasets` read through `SafeReader`."""
    from datasets.packaged_modules.json import json as reader

    reader.paj = SafeReader
