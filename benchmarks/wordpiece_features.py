"""The fast engine for WordPiece against the reference: every code point, with every setting of the normalizer.

    python benchmarks/wordpiece_features.py [--planes 17] [--settings 24]

Each code point stands in contexts that tell apart what normalizing and cutting do with it, and both engines encode it
with a vocabulary in which every character that may be left shows in the ids. The first setting is that of BERT. All
planes take about six minutes a setting on two cores, the first plane alone half a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import json
import tempfile
import time
from itertools import islice, product
from typing import Any

import numpy as np
import pyarrow as pa

from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.wordpiece import WordPieceEngine, wordpiece_version
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer

CONTEXTS = (
    "{0}", "a{0}b", "A{0} B", "e\u0301{0}\u0327", ".{0}1", "{0}{0}", "\u65e5{0}\u3042", "\u05d0 {0}", "  {0}\t",
    "\u0130{0}\u03a3",
)  # fmt: skip
_PLANE = 0x10000
_SURROGATES = range(0xD800, 0xE000)
_AT_ONCE = 20_000
_SHOWN = 5
KEYS = ("lowercase", "strip_accents", "handle_chinese_chars", "clean_text")
SETTINGS = product((True, False), (None, True, False), (True, False), (True, False))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planes", type=int, default=17)
    parser.add_argument("--settings", type=int, default=24)
    arguments = parser.parse_args()
    points = [point for point in range(arguments.planes * _PLANE) if point not in _SURROGATES]
    print(f"{wordpiece_version()} against {ReferenceEngine.version}, {len(points):,} code points in each context")
    vocab = {"[UNK]": 0}
    for mark, point in product(("", "##"), points):
        vocab.setdefault(mark + chr(point), len(vocab))
    for values in islice(SETTINGS, arguments.settings):
        setting, started = dict(zip(KEYS, values, strict=True)), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="wordpiece-") as folder:
            wrong = _wrong(Path(folder), setting, vocab, points)
        seconds = time.monotonic() - started
        print(f"{setting}: {len(wrong):,} of {len(points) * len(CONTEXTS):,} differ ({seconds:,.0f} s)", flush=True)
        for text in wrong[:_SHOWN]:
            print(f"    {text!a}")


def _wrong(folder: Path, setting: dict[str, Any], vocab: dict[str, int], points: list[int]) -> list[str]:
    """Return the texts of which the engines give other ids."""
    facts = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "post_processor": None,
        "normalizer": {"type": "BertNormalizer", **setting}, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "decoder": None,
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab,
        },
    }  # fmt: skip
    stored = store_tokenizer(folder, json.dumps(facts), {}, name="made", revision=None)
    fast, reference = WordPieceEngine(stored), ReferenceEngine(stored)
    wrong: list[str] = []
    for context, first in product(CONTEXTS, range(0, len(points), _AT_ONCE)):
        listed = [context.format(chr(point)) for point in points[first : first + _AT_ONCE]]
        texts = pa.array(listed, pa.large_string())
        ours, right = fast.encode(texts), reference.encode(texts)
        if not (np.array_equal(ours.offsets, right.offsets) and np.array_equal(ours.ids, right.ids)):
            pairs = zip(np.split(ours.ids, ours.offsets[1:]), np.split(right.ids, right.offsets[1:]), strict=True)
            wrong += [text for text, (one, other) in zip(listed, pairs, strict=False) if not np.array_equal(one, other)]
    return wrong


if __name__ == "__main__":
    main()
