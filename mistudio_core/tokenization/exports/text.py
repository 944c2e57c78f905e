"""The text behind a tokenization, for programs that tokenize themselves: delphi, dictionary_learning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.errors import StudioError, invalid
from mistudio_core.manifest_files import dataset_manifest
from mistudio_core.raw import RawSplit, open_splits
from mistudio_core.tokenization.exports.sequences import even_shares, hub_splits
from mistudio_core.tokenization.exports.source import Source
from mistudio_core.tokenization.output.stored_sequences import StoredSequences
from mistudio_core.tokenization.recipes.columns import is_token_type
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.reader import USED, TextReader
from mistudio_core.tokenization.tokenizer.stored import open_tokenizer

SCHEMA: Final = pa.schema([("text", pa.string())])


def check_texts(sequences: StoredSequences, dataset: Path) -> None:
    """Raise `invalid_request` where ids and not text were the source, `no_data` where not one document was used."""
    recipe = Recipe.from_stored(sequences.manifest["recipe"])
    known = (dataset_manifest(dataset) or {}).get("columns", {})
    for name in recipe.columns:
        if is_token_type(str(known.get(name))):
            raise invalid(
                f"The column {name!r:.80} holds token ids: there is no text.", "Export the sequences instead."
            )
    if not sequences.manifest["num_documents"]:
        raise StudioError("no_data", "No document has tokens, so there is no text.", "Check the filters.")


def write_texts(
    sequences: StoredSequences,
    source: Source,
    folder: Path,
    kind: str,
    *,
    max_samples: int | None,
    tell: Callable[[int, int], None],
) -> dict[str, int]:
    """Write the text of each split's documents, in the order of the samples; return how many of each split.

    A document is the text as it was tokenized: columns joined, templates filled in, samples that gave no tokens left
    out. One column, `text`; `kind` is `text` for `data/<split>-00000-of-000NN.parquet` or `jsonl` for
    `data/<split>.jsonl`. At most `max_samples` of each split are written.
    """
    (folder / "data").mkdir()
    tokenizer = open_tokenizer(source.tokenizers / sequences.manifest["tokenizer_facts"]["sha256"])
    reader = TextReader(Recipe.from_stored(sequences.manifest["recipe"]), tokenizer)
    splits = open_splits(source.dataset)
    kept = _written_samples(sequences, splits, max_samples)
    total = sum(int(mask.sum()) for mask in kept.values())
    done = 0
    written: dict[str, int] = {}
    for split, stem in hub_splits(kept).items():
        number = int(kept[split].sum())
        if not number:
            continue
        texts = _texts(splits[split], reader, kept[split])
        if kind == "jsonl":
            counts = _write_lines(texts, folder / "data" / f"{stem}.jsonl")
        else:
            counts = _write_parquet(texts, folder / "data", stem, even_shares(number, _text_bytes(splits[split])))
        for count in counts:
            done += count
            tell(done, total)
        written[stem] = number
    return written


def _written_samples(
    sequences: StoredSequences, splits: dict[str, RawSplit], max_samples: int | None
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return for each split of the tokenization which of its samples are written."""
    codes = np.fromfile(sequences.folder / "skipped", np.uint8)
    kept: dict[str, npt.NDArray[np.bool_]] = {}
    first = 0
    for split, counts in sequences.manifest["splits"].items():
        last = first + int(counts["num_samples"])
        if split not in splits or splits[split].num_samples != last - first or last > len(codes):
            raise StudioError(
                "corrupt_data",
                f"The samples of the split {split!r} have changed since they were tokenized.",
                "Verify the dataset, then tokenize it again.",
            )
        mask = codes[first:last] == USED
        if max_samples is not None:
            mask &= np.cumsum(mask) <= max_samples
        kept[split] = mask
        first = last
    return kept


def _texts(split: RawSplit, reader: TextReader, kept: npt.NDArray[np.bool_]) -> Iterator[pa.Array]:
    first = 0
    for table in split.batches(0, int(np.flatnonzero(kept)[-1]) + 1, reader.columns):
        texts = reader.read(table, first)
        wanted = kept[first : first + table.num_rows][texts.skipped == USED]
        first += table.num_rows
        yield texts.kept.filter(pa.array(wanted)).cast(pa.string())


def _write_parquet(texts: Iterator[pa.Array], folder: Path, stem: str, shares: list[int]) -> Iterator[int]:
    """Write Parquet files, a row group for each batch of texts or part of one; yield how many texts were written."""
    left = pa.array([], pa.string())
    for index, share in enumerate(shares):
        path = folder / f"{stem}-{index:05d}-of-{len(shares):05d}.parquet"
        with pq.ParquetWriter(
            path, SCHEMA, compression="zstd", compression_level=1, use_dictionary=False, write_statistics=False
        ) as writer:
            missing = share
            while missing:
                if not len(left):
                    left = next(texts)
                    continue
                part, left = left[:missing], left[missing:]
                writer.write_table(pa.table([part], schema=SCHEMA))
                missing -= len(part)
                yield len(part)


def _write_lines(texts: Iterator[pa.Array], path: Path) -> Iterator[int]:
    with open(path, "w", encoding="utf-8") as file:
        for batch in texts:
            for text in batch:
                file.write(json.dumps({"text": text.as_py()}, ensure_ascii=False) + "\n")
            yield len(batch)


def _text_bytes(split: RawSplit) -> int:
    return sum(group.num_bytes for group in split.row_groups)
