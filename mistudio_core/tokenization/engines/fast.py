"""The fast engine: `gigatoken`, twenty to sixty times as fast as the reference where it gives the same ids.

What is known of version 0.10 and handled here: its cache of words has no bound, so a fresh object is made now and
then; it adds no special tokens, which packing does anyway; it has neither WordPiece nor Unigram. What it does as the
reference does, and for which texts, is the table of `fast_features.py`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mistudio_core.tokenization.engines.encoded import Encoded
from mistudio_core.tokenization.engines.encoding import buffers
from mistudio_core.tokenization.engines.vocabularies import ranks_are_places
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

RENEW_BYTES: Final = 192 << 20
"""Text after which a fresh object is made, which takes 0.1 s: where each 500 bytes hold a new word, the cache grows by
200 MB in a GB of text, and a large one is slower than a fresh one."""


_PACKAGES: Final = 4
"""More packages than there are engines."""


class FastEngineError(Exception):
    """The fast engine cannot be used here; the text says why, in words for the user."""


class FastEngine:
    """`gigatoken` on Arrow buffers: neither text nor ids become Python objects."""

    name = "fast"
    batch_bytes = 4 << 20
    piece_bytes = 8 << 20

    def __init__(self, tokenizer: StoredTokenizer, *, control_as_text: bool = False) -> None:
        """Load an own copy; raise `FastEngineError` where the package or the tokenizer does not allow it."""
        self.version = fast_version()
        self.tokenizer = tokenizer
        self._json = _prepared(tokenizer.json_path, control_as_text)
        self._bytes_left = RENEW_BYTES
        self._loaded = self._load()

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls."""
        import awkward as ak

        data, offsets = buffers(texts)
        if data is None or offsets[0] == offsets[-1]:
            return Encoded(np.empty(0, np.uint32), np.zeros(len(texts) + 1, np.int64))
        size = int(offsets[-1] - offsets[0])
        if size > self._bytes_left:
            del self._loaded  # before the next one is made: there is room for one
            self._loaded, self._bytes_left = self._load(), RENEW_BYTES
        self._bytes_left -= size
        content = ak.contents.NumpyArray(np.frombuffer(data, np.uint8), parameters={"__array__": "char"})
        lists = ak.contents.ListOffsetArray(ak.index.Index64(offsets), content, parameters={"__array__": "string"})
        layout = self._loaded.encode_batch(ak.Array(lists), parallel=False).layout
        return Encoded(np.asarray(layout.content.data), np.asarray(layout.offsets.data))

    def _load(self) -> Any:
        from gigatoken import Tokenizer

        try:
            return Tokenizer.from_json(self._json)
        except BaseException as error:  # a panic of its Rust side is no Exception
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise FastEngineError(f"it does not support this tokenizer ({reason})") from None


def fast_version() -> str:
    """Return the name and version of the package; raise `FastEngineError` where it is not installed."""
    return package_version("gigatoken", "awkward")  # what its results are made of


def package_version(package: str, *others: str) -> str:
    """Return the name and version of an engine's package; raise `FastEngineError` where it cannot be imported.

    `others` must be importable, too.
    """
    try:
        for name in (*others, package):
            import_module(name)
    except Exception as error:  # noqa: BLE001 - whatever keeps it from loading
        raise FastEngineError(f"the package {package} cannot be imported ({type(error).__name__})") from None
    return f"{package} {_installed_version(package)}"


@lru_cache(maxsize=_PACKAGES)  # looking through the installed packages takes longer than a small shard
def _installed_version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


@lru_cache(maxsize=1)  # the engines of all threads share it
def _prepared(path: Path, control_as_text: bool) -> bytes:
    """Return a tokenizer as the engine must read it; the post-processor is left out, for it plays no part.

    With `control_as_text` control tokens are left out, so that one written in a text is plain text.
    """
    facts = json.loads(path.read_bytes())
    if control_as_text:
        facts["added_tokens"] = [token for token in facts["added_tokens"] if not token["special"]]
    facts["post_processor"] = None
    model = facts["model"]
    if model["type"] == "BPE" and model["merges"] and not ranks_are_places(model):
        # The engine takes the number of the merged token for the rank of a merge where these rise; of two merges to one
        # token the order is lost then. Out of order, the list itself gives the ranks; of equal merges the first counts.
        model["merges"].append(model["merges"][0])
    return json.dumps(facts, ensure_ascii=False).encode()
