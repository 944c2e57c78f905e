"""What can be asked of each column of a dataset."""

from __future__ import annotations

from dataclasses import dataclass

from mistudio_core.raw import column_types
from mistudio_core.records import Record
from mistudio_core.store.samples.conditions import is_scalar
from mistudio_core.store.samples.reader import SampleReader


@dataclass(frozen=True, slots=True)
class SampleColumn(Record):
    """A column: `is_main` is the text that is shown and measured, `labels` the names of a class label's values.

    The values of one that `is_scalar` can be compared and sorted.
    """

    name: str
    type: str
    is_text: bool
    is_main: bool
    is_scalar: bool
    labels: tuple[str, ...] = ()


def sample_columns(reader: SampleReader) -> tuple[SampleColumn, ...]:
    """Return the columns in their order."""
    types = column_types(reader.schema)
    return tuple(
        SampleColumn(
            name=field.name,
            type=types[field.name],
            is_text=field.name in reader.text_columns,
            is_main=field.name == reader.default_column,
            is_scalar=is_scalar(field.type),
            labels=tuple(reader.labels.get(field.name, ())),
        )
        for field in reader.schema
    )
