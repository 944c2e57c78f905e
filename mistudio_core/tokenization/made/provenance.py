"""Where the tokens of a row come from: worked out from the documents' lengths and the rule of packing, not stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.making.manifest import MANIFEST
from mistudio_core.tokenization.packing.continuous import Documents
from mistudio_core.tokenization.packing.document_order import document_order, row_order
from mistudio_core.tokenization.packing.packers import make_packer
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.rows import Places
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.reader import USED, skip_code

_LABELS: Final = 1 << 31
"""Ids from here on stand for places in the documents while rows are laid out once more."""
_CHUNK_TOKENS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of a row: its tokens `[start, end)` of the row are the tokens `[first, last)` of a sample's own."""

    split: str
    sample: int
    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Shard:
    split: str
    samples: Places
    lengths: Places
    num_rows: int
    used_tokens: int
    limit: int | None


class Provenance:
    """Answers for a finished tokenization which samples each row is made of; needs its folder and nothing else."""

    def __init__(self, folder: Path) -> None:
        """Open the folder; raise `not_found` when it holds no tokenization."""
        manifest = read_json(folder / MANIFEST)
        if manifest is None:
            raise StudioError("not_found", f"There is no tokenization in {folder.name!r}.", "Check the id.")
        self.manifest: Mapping[str, Any] = manifest
        self.recipe = Recipe.from_fields(manifest["recipe"])
        self.policy = Policy.from_json(manifest["policy"])
        self._folder = folder

    def sources(self, row: int) -> tuple[Source, ...]:
        """Return the pieces of a row, in their order; raise `invalid_request` beyond the last row."""
        split, number = self._place(row)
        if self.recipe.shuffle_seed is not None and self.recipe.shuffle == "rows":
            number = int(self._row_orders[split][number])
        if self.recipe.preset == "continuous":
            return tuple(self._of_stream(split, number))
        for shard in self._shards(split):
            if number < shard.num_rows:
                return tuple(self._laid_out(shard, number))
            number -= shard.num_rows
        raise AssertionError(row)

    def _place(self, row: int) -> tuple[str, int]:
        if row < 0 or row >= self.manifest["num_rows"]:
            raise StudioError(
                "invalid_request", f"There is no row {row:,}.", f"Rows go from 0 to {self.manifest['num_rows'] - 1:,}."
            )
        for split, facts in self.manifest["splits"].items():
            if row < facts["num_rows"]:
                return split, row
            row -= facts["num_rows"]
        raise AssertionError(row)

    @cached_property
    def _row_orders(self) -> dict[str, Places]:
        splits: Mapping[str, Mapping[str, int]] = self.manifest["splits"]
        return {
            split: row_order(self.recipe, place, facts["num_rows"])
            for place, (split, facts) in enumerate(splits.items())
        }

    def _shards(self, split: str) -> Iterator[_Shard]:
        """Yield the shards of a split with the documents that each packed, in its order."""
        planned = [shard for shard in self.manifest["plan"] if shard["split"] == split]
        if self.recipe.shuffle_seed is None or self.recipe.shuffle != "documents":
            for shard in planned:
                yield _shard(shard, *self._documents(split, shard["first"], shard["last"]))
            return
        samples, lengths = self._documents(split, 0, self.manifest["splits"][split]["num_samples"])
        place = list(self.manifest["splits"]).index(split)
        order = document_order(self.recipe, place, len(samples))
        for shard, mine in zip(planned, np.array_split(order, len(planned)), strict=True):
            yield _shard(shard, samples[mine], lengths[mine])

    def _documents(self, split: str, first: int, last: int) -> tuple[Places, Places]:
        """Return the samples of a range that gave tokens, and how many each."""
        before = 0
        for name, facts in self.manifest["splits"].items():
            if name == split:
                break
            before += facts["num_samples"]
        skipped = np.fromfile(self._folder / "skipped", np.uint8, last - first, offset=before + first)
        lengths = np.fromfile(self._folder / "lengths", np.uint32, last - first, offset=4 * (before + first))
        used = skipped == USED
        if self.recipe.shuffle_seed is not None and self.recipe.shuffle == "documents":
            used |= skipped == skip_code("token_budget")  # they have their turn, but it never came
        return np.flatnonzero(used) + first, lengths[used].astype(np.int64)

    def _of_stream(self, split: str, number: int) -> Iterator[Source]:
        """Yield the pieces of a row cut from a stream; beyond the rows of the shards come those of the tails."""
        room, start = self.policy.row_room, len(self.policy.row_start)
        shards = [shard for shard in self.manifest["plan"] if shard["split"] == split]
        loose = number - sum(shard["num_rows"] for shard in shards)
        begin, end = loose * room, (loose + 1) * room  # where the row lies in the joined tails
        if loose >= 0 and self.recipe.remainder == "pad" and self.policy.padding_side == "left":
            tails = sum(shard["used_tokens"] - shard["num_rows"] * room for shard in shards)
            start += max(0, end - tails)
        for shard, whole in zip(shards, self._shards(split), strict=True):
            if loose < 0:
                if number < shard["num_rows"]:
                    yield from self._between(whole, number * room, (number + 1) * room, start)
                    return
                number -= shard["num_rows"]
                continue
            cut = shard["num_rows"] * room
            tail = shard["used_tokens"] - cut
            first, last = max(begin, 0), min(end, tail)
            if first < last:
                yield from self._between(whole, cut + first, cut + last, start + first - begin)
            begin, end = begin - tail, end - tail

    def _between(self, shard: _Shard, begin: int, end: int, start: int) -> Iterator[Source]:
        """Yield the pieces of `[begin, end)` of a shard's stream, which begins at place `start` of the row."""
        before, extra = len(self.policy.document_start), len(self.policy.separator)
        extra += before + len(self.policy.document_end)
        firsts = ends_of(shard.lengths + extra)[:-1] + before
        lasts = firsts + shard.lengths
        for place in range(int(np.searchsorted(lasts, begin, side="right")), len(firsts)):
            first, last = max(int(firsts[place]), begin), min(int(lasts[place]), end)
            if first >= end:
                return
            if first < last:
                own, shift = int(firsts[place]), start - begin
                yield Source(
                    shard.split, int(shard.samples[place]), first - own, last - own, first + shift, last + shift
                )

    def _laid_out(self, shard: _Shard, number: int) -> Iterator[Source]:
        """Yield the pieces of a row of a shard by packing places instead of ids until that row comes."""
        num_samples = self.manifest["splits"][shard.split]["num_samples"]
        packer = make_packer(self.recipe, self.policy, num_samples, shard.limit)
        begins = ends_of(shard.lengths)
        calls = np.cumsum(shard.lengths) // _CHUNK_TOKENS
        chunks = np.split(np.arange(len(calls)), np.flatnonzero(np.diff(calls)) + 1)
        for chunk in [*chunks, None]:
            rows = packer.finish() if chunk is None else packer.add(self._labels(shard, begins, chunk))
            if number < len(rows):
                row = rows.ids[rows.offsets[number] : rows.offsets[number + 1]].astype(np.int64) - _LABELS
                shift = 0
                if self.recipe.padding == "longest" and self.recipe.padding_side == "left":
                    shift = self.manifest["context_length"] - len(row)
                yield from _pieces(shard, begins, row, shift)
                return
            number -= len(rows)

    def _labels(self, shard: _Shard, begins: Places, chunk: Places) -> Documents:
        lengths = shard.lengths[chunk]
        offsets = ends_of(lengths)
        first = int(begins[chunk[0]]) if len(chunk) else 0
        ids = (np.arange(int(offsets[-1])) + first + _LABELS).astype(np.uint32)
        compared = ids.copy()
        samples = shard.samples[chunk]
        for sample, place, ident in self._marks_of(shard.split):
            owner = np.searchsorted(samples, sample)
            if owner < len(samples) and samples[owner] == sample:
                compared[offsets[owner] + place] = ident
        return Documents(Encoded(ids, offsets), samples, compared)

    def _marks_of(self, split: str) -> list[tuple[int, int, int]]:
        """Return where documents hold tokens that SAELens's rule compares with: sample, place and id."""
        if self.recipe.preset != "saelens":
            return []
        return self._marks[split]

    @cached_property
    def _marks(self) -> dict[str, list[tuple[int, int, int]]]:
        marks = np.fromfile(self._folder / "marks", np.uint32).reshape(-1, 3)
        found = {}
        for split, count in self.manifest["marks"].items():
            found[split] = [(int(mark[0]), int(mark[1]), int(mark[2])) for mark in marks[:count]]
            marks = marks[count:]
        return found


def _shard(planned: Mapping[str, Any], samples: Places, lengths: Places) -> _Shard:
    return _Shard(
        planned["split"], samples, lengths, planned["num_rows"], planned["used_tokens"], planned["limit"]
    )  # fmt: skip


def _pieces(shard: _Shard, begins: Places, row: npt.NDArray[np.int64], shift: int) -> Iterator[Source]:
    """Yield the runs of places in a row; what is negative there was inserted."""
    own = np.flatnonzero(row >= 0)
    if not len(own):
        return
    places = row[own]
    owners = np.searchsorted(begins, places, side="right") - 1
    breaks = (np.diff(own) != 1) | (np.diff(places) != 1) | (np.diff(owners) != 0)
    firsts = [0, *(np.flatnonzero(breaks) + 1).tolist()]
    for first, last in zip(firsts, [*firsts[1:], len(own)], strict=True):
        owner = int(owners[first])
        inner = int(places[first] - begins[owner])
        count, start = last - first, int(own[first]) + shift
        yield Source(shard.split, int(shard.samples[owner]), inner, inner + count, start, start + count)
