"""The first samples of each split: files are read only as far as needed."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.sources.convert import Receipt
from mistudio_core.sources.file_proxy import FileProxy
from mistudio_core.sources.plan import SourceFile
from mistudio_core.work.file_by_file import READ_FROM_THE_END, FileByFile

_SMALL_FILE_BYTES: Final = 1 << 18
"""Fetched whole, which is one request and is verified by its hash."""


def take_first(files: FileByFile, limit: int) -> list[Receipt]:
    """Return receipts for the first `limit` rows of each split, fewer where a split has fewer.

    A resumed run keeps the files that were finished and reads the one that was not from its start.
    """
    receipts = []
    for split in files.plan.splits:
        left = limit
        for file in (one for one in files.plan.files if one.split == split):
            if left <= 0:
                break
            receipt = files.converter.receipt(file)
            if receipt is None:
                receipt = _take(files, file, left)
            else:
                files.progress.have(0, receipt.num_rows)
            receipts.append(receipt)
            left -= receipt.num_rows
    return receipts


def _take(files: FileByFile, file: SourceFile, limit: int) -> Receipt:
    """Convert at most `limit` rows of a file, fetching it whole only where that is no more than is needed."""
    whole = file.size <= _SMALL_FILE_BYTES
    whole = whole or (file.compression is not None and files.plan.module in READ_FROM_THE_END)
    source = files.proxy(file)
    if whole or (files.plan.module == "parquet" and _num_rows(source) <= limit):
        return files.convert(file, files.bring(file), limit)
    receipt = files.converter.convert(file, source, limit=limit, on_rows=files.progress.rows)
    files.progress.file_done()
    return receipt


def _num_rows(source: FileProxy) -> int:
    """Return the rows that the footer tells; 0 for a damaged file, which is then read and explained as a whole."""
    with source.open() as file:
        try:
            return int(pq.read_metadata(file).num_rows)
        except pa.ArrowException:
            return 0
