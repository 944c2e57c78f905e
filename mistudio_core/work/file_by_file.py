"""A whole download, file by file: fetched, verified, converted, a receipt written, the source freed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final

from mistudio_core.disk import RESULT_PER_BYTE
from mistudio_core.sources.client import Hub
from mistudio_core.sources.convert import Converter, Receipt
from mistudio_core.sources.fetch import fetch
from mistudio_core.sources.file_proxy import FileProxy, local, remote
from mistudio_core.sources.plan import Plan, SourceFile
from mistudio_core.sources.unpack import unpacked
from mistudio_core.work.disk_guard import DiskGuard
from mistudio_core.work.progress import FileProgress

READ_FROM_THE_END: Final = frozenset({"parquet", "arrow"})
"""Formats that cannot be read while they are decompressed."""
_CONNECTIONS: Final = 8
"""As many as the Hub's own client opens."""
_AHEAD_BYTES: Final = 256 << 20
"""Files that are fetched before their turn take so much of the disk at most; the next one may always be fetched."""


class FileByFile:
    """Downloads a plan: while one file is converted, those that come next are fetched."""

    def __init__(self, plan: Plan, hub: Hub, converter: Converter, progress: FileProgress, disk: DiskGuard) -> None:
        """Keep sources in the folder `files` of the draft, for as long as each is needed."""
        self.plan, self.hub, self.converter, self.progress, self.disk = plan, hub, converter, progress, disk
        self._files = converter.folder / "files"
        self._files.mkdir(exist_ok=True)
        self._stopped = threading.Event()

    def run(self) -> list[Receipt]:
        """Return the receipts of all files, in the order of the plan; those of an earlier run are used."""
        receipts = {file: self.converter.receipt(file) for file in self.plan.files}
        pending = [file for file, receipt in receipts.items() if receipt is None]
        for file, receipt in receipts.items():
            if receipt is not None:
                self._free(file)
                self.progress.have(file.size, receipt.num_rows)
        fetcher = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="fetch")
        try:
            for file, path in self._brought(fetcher, pending, self._bytes_ahead(pending)):
                receipts[file] = self.convert(file, path)
        finally:
            self._stopped.set()
            fetcher.shutdown(wait=False, cancel_futures=True)
        return [receipt for receipt in receipts.values() if receipt is not None]

    def _brought(
        self, fetcher: Executor, pending: Sequence[SourceFile], room: int
    ) -> Iterator[tuple[SourceFile, Path]]:
        """Yield files in order; the next one is fetched meanwhile, and those behind it that `room` bytes hold."""
        waiting = deque(pending)
        coming: deque[tuple[SourceFile, Future[Path]]] = deque()
        while waiting or coming:
            while waiting and len(coming) <= _CONNECTIONS:
                behind = sum(file.size for file, _ in islice(coming, 2, None)) + waiting[0].size
                if len(coming) >= 2 and behind > room:
                    break
                coming.append((waiting[0], fetcher.submit(self.bring, waiting.popleft())))
            yield coming[0][0], coming[0][1].result()
            coming.popleft()

    def bring(self, file: SourceFile) -> Path:
        """Fetch a file whole and verified, and return where it lies."""
        target = self._files / file.local_name
        fetch(self.hub, self._url(file), file, target, self._on_bytes)
        return target

    def proxy(self, file: SourceFile) -> FileProxy:
        """Return a source that reads a file from the Hub only as far as needed."""
        return remote(self.hub, self._url(file), file, self._on_bytes)

    def convert(self, file: SourceFile, path: Path, limit: int | None = None) -> Receipt:
        """Convert a file that was brought, then free it."""
        source = local(path, file.local_name, file.compression)
        plain = path.with_name("plain")
        if file.compression is not None and self.plan.module in READ_FROM_THE_END:
            source = local(unpacked(path, file.compression, plain, keep_free=self.disk.keep_free), file.local_name)
        receipt = self.converter.convert(file, source, limit=limit, on_rows=self._on_rows)
        plain.unlink(missing_ok=True)
        self._free(file)
        self.progress.file_done()
        return receipt

    def _url(self, file: SourceFile) -> str:
        assert self.plan.repo_id is not None
        assert self.plan.revision is not None
        return self.hub.file_url(self.plan.repo_id, self.plan.revision, file.path)

    def _free(self, file: SourceFile) -> None:
        (self._files / file.local_name).unlink(missing_ok=True)

    def _on_bytes(self, count: int) -> None:
        if self._stopped.is_set():
            raise InterruptedError("the download has ended")
        self.progress.bytes(count)
        self.disk.watch()

    def _on_rows(self, count: int) -> None:
        self.progress.rows(count)
        self.disk.watch()

    def _bytes_ahead(self, pending: Sequence[SourceFile]) -> int:
        """Return the bytes that files may take which are fetched long before their turn.

        Raises `disk_full` where there is no room for the result, the file being converted and the next one.
        """
        largest = sorted((file.size for file in pending), reverse=True)[:2]
        needed = int(RESULT_PER_BYTE * sum(file.size for file in pending)) + sum(largest)
        self.disk.require(needed)
        return min(_AHEAD_BYTES, self.disk.left() - needed)
