"""The engines' versions of Unicode against each other: which code points the fast engine treats in another way.

    python benchmarks/engine_features.py [--rules "GPT-2" "Llama 3 and OLMo 2" ...] [--skip-nfc]

For every word rule of the table of features, each code point of the planes that hold characters stands in contexts that
tell the classes of characters apart, and both engines encode it with a vocabulary in which every seam between words
shows in the ids; of the planes that no version of Unicode fills some are enough. For NFC each stands among marks of
other classes, and each mark behind every character of its block. What differs is printed as ranges, ready for
`unicode_gap.py`, and a table at the end. All rules take about five minutes on two cores.
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
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import unicodedata2
from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from mistudio_core.tokenization.engines.encoded import Engine
from mistudio_core.tokenization.engines.fast import FastEngine
from mistudio_core.tokenization.engines.fast_features import SPLITS
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.seam_regex import Expression
from mistudio_core.tokenization.engines.unicode_gap import NFC_RANGES, WORD_RANGES, Ranges, ranges_of
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer

CONTEXTS = (
    "{0}", "A{0}A", "a{0}A", "A{0}a", "a{0}{0}A", "A{0}{0}a", "12{0}{0}1", ".{0}.", "/{0}/", "({0}a",
    "  {0}a", "\t{0}1", "\n{0}\n", " \n{0}.", "1\u0301{0}", "\u0301{0}\u0301", "\u65e5{0}\u3042", "a'{0}a", "a'{0}ea",
    "a'l{0}a", "a'{0}la", "a'r{0}a", "'{0}", "a{0}a", "1{0}1", ".{0}a", "  {0}", "{0}{0}A",
)  # fmt: skip
"""Beside a letter of each case, a digit, a stop, spaces, ends of lines, marks, ideographs, and as part of an 's."""
_AT_ONCE = 8192
_ASCII = range(0x80)
_EMPTY_PLANES = 0x40000
_TAGS = range(0xE0000, 0xE0200)
_EVERY = 251
POINTS = sorted(
    {*range(0xD800), *range(0xE000, _EMPTY_PLANES), *_TAGS, *range(_EMPTY_PLANES, 0x110000, _EVERY), 0xFFFFF, 0x10FFFF}
)
_FEW = 5
_OCTETS = 256
ALONE = "ByteLevel alone"
_NFC_CONTEXTS = ("{0}", "a{0}\u0334", "a\u0345{0}", "a\u0301{0}", "a{0}\u0300", "\u0647{0}\u064f", "a\u0323{0}\u0301")
_COMPOSING = (0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x30A, 0x30C, 0x323, 0x327, 0x328, 0x331, 0x338)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", nargs="*", default=[ALONE, *SPLITS], help="word rules of the table; all without it")
    parser.add_argument("--directly", action="store_true", help="all code points through the reference: minutes a rule")
    parser.add_argument("--skip-nfc", action="store_true")
    arguments = parser.parse_args()
    lines = ["| feature | code points tried | differ | not in the table |", "| --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        for rule in arguments.rules:
            started = time.monotonic()
            found = _word_gap(Path(folder), rule, directly=arguments.directly)
            lines.append(_told(rule, found, WORD_RANGES, started))
        if not arguments.skip_nfc:
            started = time.monotonic()
            lines.append(_told("NFC", _nfc_gap(Path(folder)), NFC_RANGES, started))
    print("\n" + "\n".join(lines))


def _told(what: str, points: set[int], known: Ranges, started: float) -> str:
    """Show code points as ranges, each with its categories in the Unicode of `unicodedata2`; return a line for all."""
    print(f"\n{what}: {len(points):,} code points differ ({time.monotonic() - started:,.0f} s)", flush=True)
    for first, last in ranges_of(points):
        kinds = sorted({str(unicodedata2.category(chr(point))) for point in range(first, last + 1)})
        print(f"    (0x{first:X}, 0x{last:X}),  # {' '.join(kinds)}", flush=True)
    new = [point for point in points if not any(first <= point <= last for first, last in known)]
    return f"| {what} | {len(POINTS):,} | {len(points):,} | {len(new):,} |"


def _word_gap(folder: Path, rule: str, *, directly: bool) -> set[int]:
    """Return the code points beside which the two engines cut words in another way."""
    found: set[int] = set()
    for pairs_backwards in (False, True):
        tokenizer = _stored(folder, seams_tokenizer(rule, backwards=pairs_backwards))
        # Seams between three characters of ASCII may hide each other, and show in one of the two orders; which of them
        # does depends on the character, so that no other of its class can stand for it.
        points = POINTS if directly and not pairs_backwards else _ASCII
        found |= {points[place] for place in _differing(tokenizer, (joined(chr(point)) for point in points))}
        if not directly and not pairs_backwards:
            found |= _unlike_their_class(tokenizer, rule)
    return found


def _unlike_their_class(tokenizer: StoredTokenizer, rule: str) -> set[int]:
    """Return the code points beyond ASCII that the fast engine does not cut as the reference cuts others of the class.

    A class are the code points that the same parts of the rule take, asked of the reference's own expressions: one of
    each class, each length in UTF-8 and each list of contexts is enough to know what the reference does with them all.
    """
    every = POINTS[len(_ASCII) :]
    classes = _classes(every, SPLITS["GPT-2" if rule == ALONE else rule])
    firsts = {key: point for point, key in reversed(list(zip(every, classes, strict=True)))}
    right = dict(zip(firsts, _seams(ReferenceEngine(tokenizer), list(firsts.values())), strict=True))
    found: set[int] = set()
    fast = FastEngine(tokenizer)
    for first in range(0, len(every), _AT_ONCE):
        points = every[first : first + _AT_ONCE]
        keys = classes[first : first + _AT_ONCE]
        ours = _seams(fast, points)
        found |= {point for point, key, seams in zip(points, keys, ours, strict=True) if seams != right[key]}
    return found


def _classes(points: Sequence[int], patterns: Sequence[str]) -> list[tuple[int, bool, bytes]]:
    """Return for each code point its length in UTF-8, whether it has few contexts, and what of the rule takes it."""
    atoms = sorted({atom for pattern in patterns for atom in Expression.parsed(pattern).atoms})
    text = "".join(map(chr, points))
    taken = np.ones((len(points), len(atoms)), np.bool_)
    for column, atom in enumerate(atoms):
        for _, (start, end) in Split(Regex(atom), "removed").pre_tokenize_str(text):
            taken[start:end, column] = False
    sizes = np.searchsorted([0x80, 0x800, 0x10000], points, side="right").tolist()
    packed = np.packbits(taken, axis=1)
    return [(size, _has_few(point), row.tobytes()) for point, size, row in zip(points, sizes, packed, strict=True)]


def _seams(engine: Engine, points: Sequence[int]) -> list[bytes]:
    """Return for each code point where tokens are merged, in all contexts."""
    encoded = engine.encode(pa.array([joined(chr(point)) for point in points], pa.large_string()))
    merged = (encoded.ids >= _OCTETS).tobytes()
    return [merged[start:end] for start, end in pairwise(encoded.offsets.tolist())]


def joined(char: str) -> str:
    """Return a character in all contexts, or in some where its plane holds nothing that any version knows."""
    contexts = CONTEXTS[-_FEW:] if _has_few(ord(char)) else CONTEXTS
    return " | ".join(context.format(char) for context in contexts)


def _has_few(point: int) -> bool:
    return point >= _EMPTY_PLANES and point not in _TAGS


def words(rule: str) -> Mapping[str, Any]:
    """Return a pre-tokenizer of the table by its name."""
    octets = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": rule == ALONE}
    splits = [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
        for pattern in SPLITS.get(rule, ())
    ]
    return {"type": "Sequence", "pretokenizers": [*splits, octets]} if splits else octets


def _seams_vocabulary(*, backwards: bool) -> Mapping[str, Any]:
    """Return a model that merges the two bytes at each seam between characters, and no others.

    A seam beside a character of several bytes is merged first, so that no other merge takes one of its bytes.
    """
    ascii_, lead, tail = range(0x80), range(0xC2, 0xF5), range(0x80, 0xC0)
    pairs = [(left, right) for left in [*ascii_, *tail] for right in [*ascii_, *lead]]
    pairs.sort(key=lambda pair: (pair[0] < 0x80 and pair[1] < 0x80, *(-side if backwards else side for side in pair)))
    char = _alphabet()
    vocab = {char[octet]: octet for octet in range(256)}
    merges = [[char[left], char[right]] for left, right in pairs]
    return _model(vocab | {left + right: 256 + rank for rank, (left, right) in enumerate(merges)}, merges)


def _model(vocab: Mapping[str, int], merges: Sequence[Sequence[str]]) -> Mapping[str, Any]:
    return {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocab,
        "merges": merges,
    }  # fmt: skip


def _alphabet() -> list[str]:
    """Return the character of the byte-level alphabet for each byte."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [octet for octet in range(256) if octet not in shown]
    return [chr(octet) if octet in shown else chr(256 + hidden.index(octet)) for octet in range(256)]


def seams_tokenizer(rule: str, *, backwards: bool = False) -> str:
    """Return the `tokenizer.json` of a word rule with a vocabulary in which every seam between words shows."""
    return _tokenizer(words(rule), _seams_vocabulary(backwards=backwards))


def _tokenizer(pre_tokenizer: Mapping[str, Any], model: Mapping[str, Any], normalizer: Any = None) -> str:
    facts = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": None, "model": model,
    }  # fmt: skip
    return json.dumps(facts)


def _stored(folder: Path, facts: str) -> StoredTokenizer:
    return store_tokenizer(folder, facts, {}, name="features", revision=None)


def _differing(tokenizer: StoredTokenizer, texts: Iterator[str]) -> list[int]:
    """Return the places of the texts that do not get the same ids from both engines."""
    fast, reference = FastEngine(tokenizer), ReferenceEngine(tokenizer)
    places: list[int] = []
    first = 0
    while listed := list(islice(texts, _AT_ONCE)):
        given = pa.array(listed, pa.large_string())
        ours, right = fast.encode(given), reference.encode(given)
        if not (np.array_equal(ours.offsets, right.offsets) and np.array_equal(ours.ids, right.ids)):
            parts = (np.split(found.ids, found.offsets[1:-1]) for found in (ours, right))
            places += [
                first + at for at, (one, two) in enumerate(zip(*parts, strict=True)) if not np.array_equal(one, two)
            ]
        first += len(listed)
    return places


def _nfc_gap(folder: Path) -> set[int]:
    """Return the code points that the two engines compose or put in order in another way: ids are bytes here."""
    octets = _model({char: octet for octet, char in enumerate(_alphabet())}, [])
    tokenizer = _stored(folder, _tokenizer(words(ALONE), octets, {"type": "NFC"}))
    texts = ("|".join(context.format(chr(point)) for context in _NFC_CONTEXTS) for point in POINTS)
    found = {POINTS[place] for place in _differing(tokenizer, texts)}
    pairs = _pairs()
    for place in _differing(tokenizer, (chr(left) + chr(right) for left, right in pairs)):
        if found.isdisjoint(pairs[place]):
            found |= set(pairs[place])
    return found


def _pairs() -> list[tuple[int, int]]:
    """Return the pairs that may be composed: each mark, or what may become one, behind the characters of its block.

    Common marks stand behind every character.
    """
    known = [point for point in POINTS if point < 0x20000 and not _ideograph(point)]
    seconds = {point for point in known if str(unicodedata2.category(chr(point)))[0] == "M"} | _second_parts()
    blocks = {point >> 7 for point in seconds}
    seconds |= {point for point in known if point >> 7 in blocks and unicodedata2.category(chr(point)) == "Cn"}
    within = [(one, other) for other in sorted(seconds) for one in range(other & ~0x7F, (other & ~0x7F) + 0x80)]
    return within + [(point, mark) for point in known for mark in _COMPOSING]


def _second_parts() -> set[int]:
    """Return what stands second in a character that is made of two."""
    made = (str(unicodedata2.decomposition(chr(point))).split() for point in POINTS)
    return {int(parts[1], 16) for parts in made if len(parts) == 2 and not parts[0].startswith("<")}


def _ideograph(point: int) -> bool:
    """Tell whether a character is of the large scripts without compositions, or a composed syllable of Hangul."""
    blocks = ((0x3400, 0xA000), (0xAC00, 0xD800), (0xE000, 0xF900), (0x12000, 0x16000), (0x17000, 0x1B000))
    return any(first <= point < last for first, last in blocks)


if __name__ == "__main__":
    main()
