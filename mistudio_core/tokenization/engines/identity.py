"""Proof that the fast engine gives the reference's ids: hard strings, documents of this dataset, a running sample."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.checksums import read_sealed, write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.raw import RawSplit
from mistudio_core.tokenization.engines.encoded import Encoded, Engine
from mistudio_core.tokenization.engines.encoding import buffers, encode_texts
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.engines.routed import RoutedEngine, union
from mistudio_core.tokenization.texts.reader import TextReader
from mistudio_core.tokenization.tokenizer.contents import VERDICTS
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_VERDICT: Final = "checked"
"""One from before there were checksums has no such field, and is not taken."""
DRAWN_BYTES: Final = 1 << 20
_PLACES: Final = 16
"""row groups of the dataset from which documents are drawn."""
_LONGEST_DRAWN: Final = 32 << 10
_IS_LETTER: Final = np.array([(chr(byte).isalpha() and byte < 128) or byte == 32 for byte in range(256)])
_SAMPLE_EVERY: Final = 2000
"""One byte in so many is encoded by both engines while the job runs."""
_LEAST_SAMPLED: Final = 1 << 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check came to; `difference` says in words where the ids differ."""

    equal: bool
    engine: str
    reference: str
    texts: int
    text_bytes: int
    difference: str | None = None


class EnginesDifferError(Exception):
    """The fast engine gave other ids than the reference; the text says where."""


def check_identity(
    engine: RoutedEngine, tokenizer: StoredTokenizer, reader: TextReader, splits: Mapping[str, RawSplit]
) -> Verdict:
    """Compare both engines on the hard strings and on about 1 MB of documents drawn across the splits.

    Texts that go to the reference anyway are left out.
    """
    hard = pa.array(hard_strings(tokenizer), pa.large_string())
    drawn = drawn_texts(reader, list(splits.values()))
    texts = pa.concat_arrays([hard, drawn])
    texts = texts.filter(pa.array(~union(engine.odd.find(texts), len(texts))))
    difference = first_difference(engine.fast, engine.reference, texts)
    versions = engine.fast.version, engine.reference.version
    return Verdict(difference is None, *versions, len(texts), texts.nbytes, difference)


def drawn_texts(reader: TextReader, splits: Sequence[RawSplit], most_bytes: int = DRAWN_BYTES) -> pa.LargeStringArray:
    """Return documents from all over the data, the oddest of each place first: a function of the data alone."""
    groups = [(split, group) for split in splits for group in split.row_groups]
    if not groups:
        return pa.array([], pa.large_string())
    chosen = sorted({int(place) for place in np.linspace(0, len(groups) - 1, _PLACES)})
    drawn = []
    for place in chosen:
        split, group = groups[place]
        table = split.read(group.first, group.first + group.num_rows, reader.columns)
        drawn.append(_oddest(reader.read(table, group.first).kept, most_bytes // len(chosen)))
    return pa.concat_arrays(drawn)


def first_difference(fast: Engine, reference: Engine, texts: pa.LargeStringArray) -> str | None:
    """Return in words where the two engines first differ, or None."""
    try:
        found = encode_texts(fast, texts, reference.piece_bytes)
    except BaseException as error:  # a panic of its Rust side is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return f"the fast engine failed ({type(error).__name__})"
    return _compare(found.encoded, encode_texts(reference, texts, reference.piece_bytes).encoded, texts)


class Watcher:
    """The reference that looks after the fast engines of all threads. Until it has one, it lets everything pass."""

    def __init__(self) -> None:
        """Begin without a reference."""
        self.reference: Engine | None = None
        self._lock = threading.Lock()

    def encode(self, texts: pa.LargeStringArray) -> Encoded | None:
        """Return the right ids, or None as long as there is no reference."""
        with self._lock:
            return None if self.reference is None else self.reference.encode(texts)


class SampledEngine:
    """The fast engine with an eye on it: about one byte in 2,000 is encoded by the reference as well."""

    name = "fast"

    def __init__(self, fast: Engine, watcher: Watcher) -> None:
        """Watch `fast`, whose ids are compared with those of the watcher."""
        self.version, self.batch_bytes, self.piece_bytes = fast.version, fast.batch_bytes, fast.piece_bytes
        self.tokenizer = fast.tokenizer
        self._fast, self._watcher = fast, watcher
        self._due = 0

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids; raise `EnginesDifferError` when the sample does not agree."""
        encoded = self._fast.encode(texts)
        sizes = np.diff(buffers(texts)[1])
        self._due += int(sizes.sum()) // _SAMPLE_EVERY
        candidates = np.flatnonzero((sizes > 0) & (sizes <= max(self._due, _LEAST_SAMPLED)))
        if len(candidates) and self._due > 0:
            chosen = int(candidates[len(candidates) // 2])
            sample = texts.slice(chosen, 1)
            right = self._watcher.encode(sample)
            if right is not None:
                self._due -= int(sizes[chosen])
                ids = encoded.ids[encoded.offsets[chosen] : encoded.offsets[chosen + 1]]
                difference = _compare(Encoded(ids, np.array([0, len(ids)], np.int64)), right, sample)
                if difference is not None:
                    raise EnginesDifferError(difference)
        return encoded


def stored_verdict(tokenizer: StoredTokenizer, key: Sequence[Any]) -> Verdict | None:
    """Return what an earlier check of the same tokenizer, engines and data came to."""
    try:
        return read_sealed(_verdict_path(tokenizer, key), lambda stored: Verdict(**stored[_VERDICT]))
    except StudioError:
        return None


def keep_verdict(tokenizer: StoredTokenizer, key: Sequence[Any], verdict: Verdict) -> None:
    """Keep a verdict beside the tokenizer, so that the next job need not check again."""
    path = _verdict_path(tokenizer, key)
    path.parent.mkdir(exist_ok=True)
    write_sealed(path, {_VERDICT: asdict(verdict)})


def _verdict_path(tokenizer: StoredTokenizer, key: Sequence[Any]) -> Path:
    digest = hashlib.sha256(json.dumps(list(key), sort_keys=True).encode()).hexdigest()
    return tokenizer.folder / VERDICTS / f"{digest[:32]}.json"


def _oddest(texts: pa.LargeStringArray, most_bytes: int) -> pa.LargeStringArray:
    """Return half of the bytes as the oddest texts, half as the first ones: odd has many bytes that are no letters."""
    texts = texts.filter(pc.and_(pc.less_equal(pc.binary_length(texts), _LONGEST_DRAWN), pc.not_equal(texts, "")))
    data, offsets = buffers(texts)
    if data is None:
        return texts
    sizes = np.diff(offsets)
    letters = np.add.reduceat(_IS_LETTER[np.frombuffer(data, np.uint8, int(offsets[-1]))], offsets[:-1], dtype=np.int64)
    order = np.argsort(letters / sizes, kind="stable")
    odd = order[np.cumsum(sizes[order]) <= most_bytes // 2]
    plain = np.flatnonzero(np.cumsum(sizes) <= most_bytes // 2)
    return texts.take(pa.array(np.union1d(odd, plain)))


def _compare(found: Encoded, right: Encoded, texts: pa.LargeStringArray) -> str | None:
    if np.array_equal(found.offsets, right.offsets) and np.array_equal(found.ids, right.ids):
        return None
    for place in range(len(texts)):
        ours = found.ids[found.offsets[place] : found.offsets[place + 1]]
        theirs = right.ids[right.offsets[place] : right.offsets[place + 1]]
        if not np.array_equal(ours, theirs):
            same = np.flatnonzero(ours[: len(theirs)] != theirs[: len(ours)])
            at = int(same[0]) if len(same) else min(len(ours), len(theirs))
            return f"at token {at} of a text that begins {texts[place].as_py()[:60]!r}"
    return "in the number of texts"
