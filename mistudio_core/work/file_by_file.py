"""A whole download, file by file: fetched, verified, converted, a receipt written, the source freed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

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
_RESULT_PER_BYTE: Final = 1.1
"""The result is about as large as a Parquet source; plain text shrinks, what a .gz held grows a little."""


class FileByFile:
    """Downloads a plan with two files in flight: one is fetched while the one before it is converted."""

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
        self._require_space(pending)
        fetcher = ThreadPoolExecutor(1, thread_name_prefix="fetch")
        try:
            coming = [fetcher.submit(self.bring, file) for file in pending[:1]]
            for position, file in enumerate(pending, start=1):
                path = coming.pop().result()
                coming += [fetcher.submit(self.bring, following) for following in pending[position : position + 1]]
                receipts[file] = self.convert(file, path)
        finally:
            self._stopped.set()
            fetcher.shutdown(wait=False, cancel_futures=True)
        return [receipt for receipt in receipts.values() if receipt is not None]

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

    def _require_space(self, pending: list[SourceFile]) -> None:
        largest = sorted((file.size for file in pending), reverse=True)[:2]
        self.disk.require(int(_RESULT_PER_BYTE * sum(file.size for file in pending)) + sum(largest))
