"""What a word is for ranked search: the same rules for the index, for a query and for what is highlighted.

Text is taken in composed form (NFC). What is written with spaces becomes words: letters and digits, without regard to
case and to the marks on Latin letters. Scripts without spaces, emoji and symbols become single characters in a second
field, where a run of them is found as a phrase. A Korean word also finds the words that begin with it, since particles
are written onto the stem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import tantivy

from mistudio_core.errors import invalid
from mistudio_core.unicode import combining, nfc

RULES_VERSION: Final = 1
LONGEST_WORD_BYTES: Final = 200
"""Longer runs of letters are no words but data; they would fill the dictionary of the index."""

_UNSPACED_RANGES: Final = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF),  # Thai to Tai Tham
    (0xA980, 0xA9FF), (0xAA60, 0xAADF),  # Javanese, Myanmar extended, Tai Viet
    (0x2190, 0x2BFF), (0x1F000, 0x1FAFF),  # arrows, signs, emoji
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x302F), (0x3031, 0x3035), (0x3038, 0x303C),  # Han and its signs
    (0x3041, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0xA4CF),  # Kana, Bopomofo, Han, Yi
    (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1B000, 0x1B16F), (0x20000, 0x323AF),
)  # fmt: skip
_JOINERS: Final = "\u200d\u20e3\ufe0f\U000e0020-\U000e007f"
"""What joins emoji; between letters it joins letters, and is part of no run."""
UNSPACED_SIGNS: Final = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED_RANGES)
"""The bracket content of an expression for one sign of a script without spaces, or an emoji."""
_UNSPACED: Final = re.compile(f"[{UNSPACED_SIGNS}][{UNSPACED_SIGNS}{_JOINERS}]*")
_PLAIN_WORD: Final = re.compile("[0-9a-z]+")
_HANGUL: Final = re.compile("[가-힣]")
_BETWEEN_WORDS: Final = re.compile(r"\s")
_PATTERNS_KEPT: Final = 64
"""Searches whose expressions stay compiled: those of the visitors of one server."""
_WINDOW: Final = 4096
_OVERLAP: Final = 1024
"""Phrases that are longer may be marked in parts of a long text only."""
_JOINING_STARTERS: Final = frozenset(
    map(chr, (0x09BE, 0x09D7, 0x0B3E, 0x0B56, 0x0B57, 0x0BBE, 0x0BD7, 0x0CC2, 0x0CD5, 0x0CD6, 0x0D3E, 0x0D57, 0x0DCF,
              0x0DDF, 0x102E, 0x1B35, 0x11127, 0x1133E, 0x11357, 0x114B0, 0x114BA, 0x114BD, 0x115AF, 0x11930,
              *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)))
)  # fmt: skip
"""Characters of combining class 0 that may still merge with the one before them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What has to be adjacent: in the field `words` terms with their distance from the first, in `chars` one run.

    The terms of `chars` are the single characters of the run.
    """

    field: str
    terms: tuple[tuple[int, str], ...]

    @property
    def prefix(self) -> bool:
        """Whether words count that only begin with the terms, as for Korean."""
        return self.field == "words" and any(is_hangul(term) for _, term in self.terms)


@dataclass(frozen=True, slots=True)
class Units:
    """A search taken apart; `too_long` tells that some of it is not in any index."""

    units: tuple[Unit, ...]
    too_long: bool


def is_hangul(term: str) -> bool:
    """Tell whether a term is Korean, so that words count that begin with it."""
    return bool(_HANGUL.search(term))


@lru_cache(maxsize=1)
def word_analyzer() -> tantivy.TextAnalyzer:
    """Return what cuts spaced text into words, long ones left out."""
    return _analyzer(LONGEST_WORD_BYTES)


@lru_cache(maxsize=1)
def char_analyzer() -> tantivy.TextAnalyzer:
    """Return what cuts a run of a script without spaces into characters."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex("(?s).")).build()


def normalized(text: str) -> str:
    """Return the text as it is indexed: composed, and with one form of the small sigma."""
    if text.isascii():
        return text
    return nfc(text).replace("ς", "σ")


def split_scripts(text: str) -> tuple[list[str], list[str]]:
    """Cut normalized text into its pieces with spaces and its runs without; no phrase reaches from one to the next."""
    if text.isascii():
        return [text], []
    return [piece for piece in _UNSPACED.split(text) if piece], _UNSPACED.findall(text)


def words_of(text: str) -> list[str]:
    """Return the words of a text as the index has them, long ones too, in their order."""
    if text.isascii():
        return _PLAIN_WORD.findall(text.lower())
    composed = normalized(text)
    words: list[str] = []
    start = 0
    for run in [*_UNSPACED.finditer(composed), None]:
        piece = composed[start : len(composed) if run is None else run.start()]
        words += [token.text for token in _unlimited_analyzer().pre_tokenize(piece).tokens]
        if run is not None:
            words += [sign for sign in run.group() if _UNSPACED.match(sign)]
            start = run.end()
    return words


def search_units(search: str, mode: str) -> Units:
    """Take a search for `words`, `any` or `phrase` apart; raise `invalid_request` when there is no word in it.

    A phrase is one unit per script; of words, what is between two spaces is a unit: `e-mail` is a short phrase.
    """
    pieces, runs = split_scripts(normalized(search))
    chunks = pieces if mode == "phrase" else [chunk for piece in pieces for chunk in piece.split()]
    every = [_word_unit(chunk, _unlimited_analyzer()) for chunk in chunks]
    units = [unit for unit in every if unit is not None]
    too_long = any(len(term.encode()) >= LONGEST_WORD_BYTES for unit in units for _, term in unit.terms)
    units += [Unit("chars", tuple(enumerate(run))) for run in runs]
    if not units:
        raise invalid(f"search: there is no word in {search[:80]!r}.", "Search in substring mode.")
    return Units(tuple(dict.fromkeys(units)), too_long)


def word_matches(text: str, units: tuple[Unit, ...], most: int) -> list[tuple[int, int]]:
    """Return where the units occur in a text: code-point pairs [start, end), in order, none overlapping.

    Of a long text not much more than the first `most` are looked for.
    """
    found: list[tuple[int, int]] = []
    for start, end in _windows(text):
        window = text[start:end]
        spans = _plain_matches(window, units) if window.isascii() else _matches(window, units)
        found += [(start + first, start + last) for first, last in spans]
        if len(found) >= 2 * most:  # a window reaches into the next: some are found twice
            break
    return _merged(found)[:most]


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Cut a long text between words; each window reaches into the next one, so that no short phrase is cut."""
    start = 0
    while len(text) - start > _WINDOW + _OVERLAP:
        seam = _BETWEEN_WORDS.search(text, start + _WINDOW)
        end = None if seam is None else _BETWEEN_WORDS.search(text, seam.end() + _OVERLAP)
        if seam is None or end is None:
            break
        yield start, end.start()
        start = seam.start()
    yield start, len(text)


def _matches(text: str, units: tuple[Unit, ...]) -> list[tuple[int, int]]:
    """Find the units in any text by taking it apart as the index does."""
    composed, places = _composed(text)
    found: list[tuple[int, int]] = []
    runs = {"".join(term for _, term in unit.terms) for unit in units if unit.field == "chars"}
    phrases = [unit for unit in units if unit.field == "words"]
    start = 0
    for run in [*_UNSPACED.finditer(composed), None]:
        end = len(composed) if run is None else run.start()
        if phrases and end > start:
            found += [(start + first, start + last) for first, last in _phrases(composed[start:end], phrases)]
        if run is not None:
            for wanted in runs:
                found += [
                    (run.start() + at, run.start() + at + len(wanted)) for at in _occurrences(run.group(), wanted)
                ]
            start = run.end()
    return found if places is None else [(places[first], places[last]) for first, last in found]


def _plain_matches(text: str, units: tuple[Unit, ...]) -> list[tuple[int, int]]:
    """Find the units in ASCII text by an expression, ten times faster."""
    return [match.span(1) for pattern in _plain_patterns(units) for match in pattern.finditer(text)]


@lru_cache(maxsize=_PATTERNS_KEPT)
def _plain_patterns(units: tuple[Unit, ...]) -> tuple[re.Pattern[str], ...]:
    words = ["[^0-9A-Za-z]+".join(term for _, term in unit.terms) for unit in units if unit.field == "words"]
    # The search is in a look-ahead, so that a match may begin within the one before.
    return tuple(
        re.compile(rf"(?<![0-9A-Za-z])(?=({word})(?![0-9A-Za-z]))", re.ASCII | re.IGNORECASE)
        for word in words
        if word.isascii()
    )


def _phrases(piece: str, phrases: list[Unit]) -> list[tuple[int, int]]:
    tokens = {token.position: token for token in _unlimited_analyzer().pre_tokenize(piece).tokens}
    by_first: dict[str, list[Unit]] = {}
    for unit in phrases:
        by_first.setdefault(unit.terms[0][1], []).append(unit)
    stems = any(is_hangul(unit.terms[0][1]) for unit in phrases)  # found in longer words too
    found = []
    for position, token in tokens.items():
        for unit in phrases if stems else by_first.get(token.text, ()):
            last = tokens.get(position + unit.terms[-1][0])
            if last is not None and all(_same(tokens.get(position + step), term) for step, term in unit.terms):
                found.append((token.char_offset_from, last.char_offset_to))
    return found


def _same(token: Any, term: str) -> bool:
    return token is not None and (token.text == term or (is_hangul(term) and token.text.startswith(term)))


def _occurrences(text: str, wanted: str) -> list[int]:
    places, at = [], text.find(wanted)
    while at >= 0:
        places.append(at)
        at = text.find(wanted, at + len(wanted))
    return places


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _composed(text: str) -> tuple[str, list[int] | None]:
    """Return the text normalized, and for each place in it (the end too) the place in the text as it is."""
    if text.isascii() or nfc(text) == text:
        return normalized(text), None
    pieces: list[str] = []
    places: list[int] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and (combining(text[at]) or text[at] in _JOINING_STARTERS):
            continue
        piece = nfc(text[start:at])
        places += [start] * len(piece)
        pieces.append(piece)
        start = at
    return "".join(pieces).replace("ς", "σ"), [*places, len(text)]


def _word_unit(chunk: str, analyzer: tantivy.TextAnalyzer) -> Unit | None:
    tokens = analyzer.pre_tokenize(chunk).tokens
    return (
        Unit("words", tuple((token.position - tokens[0].position, token.text) for token in tokens)) if tokens else None
    )


@lru_cache(maxsize=1)
def _unlimited_analyzer() -> tantivy.TextAnalyzer:
    return _analyzer(None)


def _analyzer(longest: int | None) -> tantivy.TextAnalyzer:
    # Marks go before case: a capital I with a dot would otherwise keep a dot of its own.
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.ascii_fold())
    builder = builder.filter(tantivy.Filter.lowercase())
    return (builder if longest is None else builder.filter(tantivy.Filter.remove_long(longest))).build()
