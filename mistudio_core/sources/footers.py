"""The footer of a Parquet file on the Hub: its columns and number of rows, by one or two ranged reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.raw import column_types
from mistudio_core.sources.client import Hub
from mistudio_core.sources.remote_file import RemoteFile

_LARGEST_FOOTER_BYTES: Final = 16 << 20
"""A damaged file may claim any length."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer tells."""

    columns: Mapping[str, str]
    num_rows: int


def read_footer(hub: Hub, url: str, size: int) -> Footer | None:
    """Return the footer of a file of `size` bytes; None where it cannot be read, as looking must not fail for it."""
    import httpx2
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(RemoteFile(hub, url, size, longest_read=_LARGEST_FOOTER_BYTES))
        return Footer(column_types(footer.schema.to_arrow_schema()), footer.num_rows)
    except (pa.ArrowException, OSError, ValueError, httpx2.HTTPError, StudioError):
        return None
