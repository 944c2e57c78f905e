"""Tests of a text in SQL, for searching by scan, and where in a text the matches are.

Words are scanned for where there is no index of words: the same words by the same rules, as far as regular expressions
go. Expressions are RE2's, whose time grows with the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import duckdb

from mistudio_core.errors import invalid
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.word_rules import (
    UNSPACED_SIGNS,
    Unit,
    is_hangul,
    search_units,
    word_analyzer,
    word_matches,
)
from mistudio_core.unicode import nfd

MAX_MATCHES: Final = 10_000
"""Per text; more marks help nobody, and a match of one letter in 10 MB would make millions."""

_LATIN: Final = "".join(map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00), *range(0xFF10, 0xFF5B))))
_NOT_WORD: Final = rf"[^\p{{L}}\p{{N}}\p{{M}}]|[{UNSPACED_SIGNS}]"
_BETWEEN: Final = rf"[^\p{{L}}\p{{N}}{UNSPACED_SIGNS}]+"
_PRIVATE_USE: Final = range(0xE000, 0xF8FF)


@dataclass(frozen=True, slots=True)
class TextTest:
    """SQL that is true for the texts to keep, and its parameters."""

    sql: str
    parameters: dict[str, Any]


def text_test(query: SampleQuery, column_sql: str, control: Sequence[str] = ()) -> TextTest:
    """Return the test of a query's search and, where any are given, of the presence of a control token."""
    tests: list[str] = []
    parameters: dict[str, Any] = {}
    if query.search and query.is_ranked:
        units = search_units(query.search, query.mode).units
        each = [_unit_test(unit, column_sql, f"unit{at}", parameters) for at, unit in enumerate(units)]
        tests.append("(" + (" OR " if query.mode == "any" else " AND ").join(each) + ")")
    elif query.search:
        parameters["search"] = query.search
        options = _options(query)
        if query.mode == "substring" and not query.ignore_case:
            tests.append(f"contains({column_sql}, $search)")
        else:
            tests.append(f"regexp_matches({column_sql}, $search, '{options}')")
    if query.control_tokens:
        parameters["control"] = "|".join(map(_literal, control)) or "[^\\x{0}-\\x{10FFFF}]"
        tests.append(f"regexp_matches({column_sql}, $control)")
    return TextTest(" AND ".join(tests) or "true", parameters)


def check_search(cursor: duckdb.DuckDBPyConnection, query: SampleQuery) -> None:
    """Raise `invalid_request` for an expression that RE2 does not take, or words that hold none."""
    if query.is_ranked:
        search_units(query.search, query.mode)
    if query.mode != "regex" or not query.search:
        return
    try:
        cursor.execute("SELECT regexp_matches('', $search)", {"search": query.search}).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")[:200]
        raise invalid(
            f"search: invalid regular expression: {reason}.",
            "Escape special characters with a backslash, or search for a substring.",
        ) from None


def find_matches(
    cursor: duckdb.DuckDBPyConnection, texts: Sequence[str | None], query: SampleQuery, control: Sequence[str] = ()
) -> list[tuple[tuple[int, int], ...]]:
    """Return the matches of a search in each text: code-point pairs [start, end), at most `MAX_MATCHES` each.

    Matches of no characters are left out. Without a search, control tokens are what was looked for.
    """
    if query.is_ranked:
        units = search_units(query.search, query.mode).units
        return [tuple(word_matches(text or "", units, MAX_MATCHES)) for text in texts]
    if query.search:
        return _expression_matches(cursor, [text or "" for text in texts], query)
    if query.control_tokens and control:
        token = re.compile("|".join(map(re.escape, sorted(control, key=len, reverse=True))))
        return [tuple(match.span() for match in islice(token.finditer(text or ""), MAX_MATCHES)) for text in texts]
    return [()] * len(texts)


def _expression_matches(
    cursor: duckdb.DuckDBPyConnection, texts: Sequence[str], query: SampleQuery
) -> list[tuple[tuple[int, int], ...]]:
    """Let RE2 itself put marks round its matches: Python's own expressions differ, and can take for ever."""
    before, after = _absent_signs(texts)
    options = "g" + _options(query)
    marked = f"regexp_replace(text, $search, $marks, '{options}')"
    sql = f"SELECT {marked} FROM (SELECT unnest($texts::VARCHAR[]) AS text)"  # noqa: S608 - letters of our own
    parameters = {"texts": list(texts), "search": query.search, "marks": f"{before}\\0{after}"}
    return [tuple(_marked(text, before, after)) for (text,) in cursor.execute(sql, parameters).fetchall()]


def _marked(marked: str, before: str, after: str) -> list[tuple[int, int]]:
    """Return where in a text without its marks the marked parts are."""
    found: list[tuple[int, int]] = []
    pieces = marked.split(before, MAX_MATCHES + 1)
    at = len(pieces[0])
    for piece in pieces[1 : MAX_MATCHES + 1]:
        match, _, rest = piece.partition(after)
        if match:
            found.append((at, at + len(match)))
        at += len(match) + len(rest)
    return found


def _absent_signs(texts: Sequence[str]) -> tuple[str, str]:
    signs = (chr(code) for code in _PRIVATE_USE if not any(chr(code) in text for text in texts))
    before, after = next(signs, None), next(signs, None)
    if before is None or after is None:  # a text with all 6,399 of them is no text
        return "\x01", "\x02"
    return before, after


def _options(query: SampleQuery) -> str:
    """Return DuckDB's letters: i without regard to case, l the text itself, c (the default) with regard to case."""
    return ("i" if query.ignore_case else "c") + ("l" if query.mode == "substring" else "")


def _literal(text: str) -> str:
    """Return an expression of RE2 for the text itself."""
    return "".join(f"\\x{{{ord(sign):x}}}" if not sign.isalnum() else sign for sign in text)


def _unit_test(unit: Unit, column: str, place: str, parameters: dict[str, Any]) -> str:
    if unit.field == "chars":
        run = "".join(term for _, term in unit.terms)
        parameters[place] = run
        decomposes = nfd(run) != run
        return f"contains({f'nfc_normalize({column})' if decomposes else column}, ${place})"
    parameters[place] = _unit_pattern(unit)
    wide = f"regexp_matches({column}, ${place}, 'i')"
    terms = [term for _, term in unit.terms]
    if not all(term.isascii() for term in terms):
        return f"(strlen({column}) > length({column}) AND {wide})"
    # Most texts are plain ASCII, where a literal found first makes the search several times faster.
    parameters[f"{place}a"] = rf"(?:^|[^0-9A-Za-z]){'[^0-9A-Za-z]+'.join(terms)}(?:$|[^0-9A-Za-z])"
    parameters[f"{place}l"] = max(terms, key=len)
    narrow = f"regexp_matches({column}, ${place}l, 'il') AND regexp_matches({column}, ${place}a, 'i')"
    return f"CASE WHEN strlen({column}) = length({column}) THEN {narrow} ELSE {wide} END"


def _unit_pattern(unit: Unit) -> str:
    words = [_folded(term) + (r"[\p{L}\p{N}]*" if is_hangul(term) else "") for _, term in unit.terms]
    return f"(?:^|{_NOT_WORD}){_BETWEEN.join(words)}(?:$|{_NOT_WORD})"


def _folded(term: str) -> str:
    """Return an expression for a word in any of the spellings that the index takes for the same."""
    spellings = _spellings()
    pattern, at = "", 0
    while at < len(term):
        single = _one_of(term[at])
        width = next((width for width in (3, 2) if term[at : at + width] in spellings), 1)
        if width == 1:
            pattern += single
        else:
            letters = "".join(_one_of(letter) for letter in term[at : at + width])
            pattern += f"(?:{letters}|[{''.join(spellings[term[at : at + width]])}])"
        at += width
    return pattern


def _one_of(letter: str) -> str:
    others = "".join(_spellings().get(letter, ()))
    return rf"[{letter}{others}]\p{{Mn}}*" if others else rf"{re.escape(letter)}"


@lru_cache(maxsize=1)
def _spellings() -> dict[str, list[str]]:
    """Return, for each letter or pair of letters, the signs that the index takes for it."""
    found: dict[str, list[str]] = {}
    for sign in _LATIN:
        words = word_analyzer().analyze(sign)
        if words and words[0] != sign and sign.isalnum():
            found.setdefault(words[0], []).append(sign)
    return found
