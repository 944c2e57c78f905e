"""The fast engine for what no other one knows, Unigram above all: the reference, asked once for each different word.

Its ids are the reference's by construction: texts are cut at safe seams (`seams.py`), where no id depends on the other
side, and each piece is encoded by the reference the first time that it comes. Texts that hold an added token, which may
reach across a seam, go to the reference whole.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, repeat
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from mistudio_core.tokenization.engines.encoded import Encoded, Ids, ends_of
from mistudio_core.tokenization.engines.encoding import buffers
from mistudio_core.tokenization.engines.fast import FastEngineError
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.word_places import Places, WordPlaces
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_MOST_WORDS: Final = 400_000
"""Words that are kept, with their ids: 60 MB. No more are taken in then, as the common ones come first."""
_LONGEST_KEPT: Final = 64
"""Characters; what is longer hardly comes again."""
_MOST_NEW: Final = 0.25
"""Where more of the pieces are new, encoding the texts whole costs less: a word alone takes three times its share."""


class WordByWordEngine:
    """The reference on different words; the engines of all threads share what they know."""

    name = "fast"
    batch_bytes = ReferenceEngine.batch_bytes
    piece_bytes = ReferenceEngine.piece_bytes

    def __init__(self, tokenizer: StoredTokenizer, *, control_as_text: bool = False) -> None:
        """Load an own copy; raise `FastEngineError` where the tokenizer has no safe seam between words."""
        self.version = word_by_word_version()
        self.tokenizer = tokenizer
        places = _places(tokenizer.json_path)
        if places is None:
            raise FastEngineError("no place between words is safe to cut at")
        self._places = places
        self._reference = ReferenceEngine(tokenizer, control_as_text=control_as_text)
        self._words = _words(tokenizer.json_path, control_as_text)

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls and without added tokens."""
        buffer, offsets = buffers(texts)
        if buffer is None or offsets[0] == offsets[-1]:
            return self._reference.encode(texts)
        seams = self._places.find(np.frombuffer(buffer, np.uint8), offsets)
        pieces = np.sort(np.concatenate([offsets, seams]), kind="stable")
        firsts = np.arange(len(offsets)) + np.searchsorted(seams, offsets)
        array = pa.LargeStringArray.from_buffers(len(pieces) - 1, pa.py_buffer(pieces), buffer)
        coded = array.dictionary_encode()
        words = coded.dictionary.to_pylist()
        table, numbers = self._words.find(words)
        new = np.flatnonzero(numbers < 0)
        if len(new) > _MOST_NEW * len(array):
            self._words.make_room()
            return self._reference.encode(texts)
        if len(new):
            fresh = self._reference.encode(coded.dictionary.take(pa.array(new)))
            numbers[new] = len(table.starts) + np.arange(len(new))
            table = table.followed_by(fresh)
            self._keep([words[number] for number in new.tolist()], fresh)
        return _gathered(table, numbers[coded.indices.to_numpy()], firsts)

    def _keep(self, words: list[str], fresh: Encoded) -> None:
        """Keep what is short enough to come again."""
        short = np.fromiter((len(word) <= _LONGEST_KEPT for word in words), np.bool_, len(words))
        ids = fresh.ids[np.repeat(short, fresh.lengths)]
        self._words.keep(list(compress(words, short)), Encoded(ids, ends_of(fresh.lengths[short])))


def word_by_word_version() -> str:
    """Return what is written into verdicts."""
    return f"{ReferenceEngine.version}, word by word"


@dataclass(frozen=True, slots=True)
class _Table:
    """The ids of words: those of word i are `ids[starts[i] : starts[i] + lengths[i]]`."""

    starts: Places
    lengths: Places
    ids: Ids

    def followed_by(self, more: Encoded) -> _Table:
        """Return a table with these words behind its own."""
        starts = np.concatenate([self.starts, more.offsets[:-1] + len(self.ids)])
        return _Table(starts, np.concatenate([self.lengths, more.lengths]), np.concatenate([self.ids, more.ids]))


_EMPTY: Final = _Table(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint32))


class _Words:
    """The words that were encoded before. May be shared by threads: tables are replaced, never changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._table = _EMPTY

    def find(self, words: list[str]) -> tuple[_Table, Places]:
        """Return a table, and the numbers of these words in it; -1 for one that is not known."""
        with self._lock:
            numbers = self._numbers
            return self._table, np.fromiter(map(numbers.get, words, repeat(-1)), np.int64, len(words))

    def keep(self, words: list[str], fresh: Encoded) -> None:
        """Keep the ids of words; those that another thread has kept meanwhile are there twice, which does no harm."""
        with self._lock:
            if self._is_full():
                return
            first = len(self._table.starts)
            self._numbers.update(zip(words, range(first, first + len(words)), strict=True))
            self._table = self._table.followed_by(fresh)

    def make_room(self) -> None:
        """Forget all words if no more can be kept: texts of many unknown words are of another kind."""
        with self._lock:
            if self._is_full():
                self._numbers, self._table = {}, _EMPTY

    def _is_full(self) -> bool:
        return len(self._table.starts) >= _MOST_WORDS


def _gathered(table: _Table, words: Places, firsts: Places) -> Encoded:
    """Return the ids of texts that consist of these words; `firsts` is the number of each text's first word."""
    lengths = table.lengths[words]
    ends = ends_of(lengths)
    places = np.repeat(table.starts[words] - ends[:-1], lengths)
    places += np.arange(len(places))
    return Encoded(table.ids[places], ends[firsts])


@lru_cache(maxsize=1)
def _places(path: Path) -> WordPlaces | None:
    return WordPlaces.of(path)


@lru_cache(maxsize=1)  # the engines of all threads share it
def _words(path: Path, control_as_text: bool) -> _Words:  # noqa: ARG001 - what they are kept by
    return _Words()
