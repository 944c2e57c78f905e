"""The readers of the `datasets` library, used for one file at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mistudio_core.sources import arrow_types, json_encoding, null_rows, proxy_file_system
from mistudio_core.sources.client import session
from mistudio_core.sources.exact_csv import with_exact_numbers
from mistudio_core.sources.mixed_types import encoded_as_text, typed_json

if TYPE_CHECKING:
    import datasets


class BuilderTables:
    """A reader of `datasets` on one file; `seen` is the last table before it was cast to the features."""

    def __init__(
        self,
        module: str,
        options: Mapping[str, Any],
        *,
        features: datasets.Features | None,
        address: str,
        cache: Path,
        chunk: int | None,
    ) -> None:
        """Make the reader `module` for the file at `address`; `chunk` bytes, or rows of CSV, are parsed at a time."""
        session()  # before `datasets` asks anything
        from datasets.data_files import DataFilesDict, DataFilesList
        from datasets.load import import_main_class
        from datasets.packaged_modules import _PACKAGED_DATASETS_MODULES

        proxy_file_system.install()
        if module == "json":
            null_rows.install()
            json_encoding.install()
            null_rows.keep_texts(pa.schema([]) if features is None else features.arrow_schema)
        reader: Any = import_main_class(_PACKAGED_DATASETS_MODULES[module][0])
        if module == "csv":
            reader = with_exact_numbers(reader)
        # Given as lists, not as patterns: a name with brackets must not be taken for a glob.
        files = DataFilesDict({"train": DataFilesList([address], [()])})
        self._builder = reader(cache_dir=str(cache), hash="local", data_files=files, features=features, **options)
        config = self._builder.config
        if chunk is not None and hasattr(config, "chunksize"):
            config.chunksize = chunk
        if hasattr(config, "parse_agent_traces"):
            config.parse_agent_traces = False  # needs a package that we do without, and rows are rows
        self.seen: pa.Table | None = None
        self.refuse: Callable[[pa.Table], None] = lambda _: None
        """Called with each table in its own types, before it is made to fit."""
        self._cast = self._builder._cast_table
        self._builder._cast_table = self._remember

    def tables(self) -> Iterator[pa.Table]:
        """Yield what the reader generates; the iterable dataset that usually wraps it takes twice as long."""
        from datasets import StreamingDownloadManager

        try:
            splits = self._builder._split_generators(StreamingDownloadManager())
        except StopIteration:  # how the JSON reader meets a file of no bytes
            return
        for split in splits:
            for _, table in self._builder._generate_tables(**split.gen_kwargs):
                yield table

    def _remember(self, table: pa.Table, **how: Any) -> pa.Table:
        self.seen = typed_json(table, how.get("json_field_paths", ()))
        features = self._builder.info.features
        if features is not None:
            self.refuse(self.seen)
            table = encoded_as_text(table, how.get("json_field_paths", ()), features)
            table = arrow_types.converted_table(table, arrow_types.readable_schema(table.schema))
        return self._cast(table, **how)
