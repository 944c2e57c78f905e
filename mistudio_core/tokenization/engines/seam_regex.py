"""What a tokenizer's regular expression can do at a seam, read from its structure rather than tried on texts.

A match is a path through the positions of the expression, each of which takes one character. Where no path can take
the character left of a seam and then the one right of it, no match reaches across, and what is matched on either side
does not depend on the other. Whether a position takes a character is asked of the library's own expression engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

_ATOM: Final = re.compile(r"\\[pP]\{[^}]+\}|\\x[0-9A-Fa-f]{2}|\\x\{[0-9A-Fa-f]+\}|\\u[0-9A-Fa-f]{4}|\\.|.", re.DOTALL)
_ATOMS_KEPT: Final = 4096
"""Answers of the expression engine; one tokenizer asks some hundreds."""
_KNOWN_ESCAPES: Final = frozenset("pPsSdDwWrntvfhHxu")
_QUANTIFIER: Final = re.compile(r"(?:([*+?])|\{(\d*)(,?)(\d*)\})[?+]?")


class UnknownSyntaxError(Exception):
    """The expression has a construct whose effect at a seam is not known here."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an expression: whether it can be empty, and the positions it can begin and end with."""

    empty: bool
    first: frozenset[int]
    last: frozenset[int]


_NOTHING: Final = _Part(empty=True, first=frozenset(), last=frozenset())


@dataclass
class Expression:
    """An expression as positions, which of them may follow which, and looks ahead at one character.

    `atoms` are the positions' own expressions; `looks` are the positions before each look ahead, and its atom.
    """

    source: str
    atoms: list[str] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)
    looks: list[tuple[frozenset[int], str]] = field(default_factory=list)
    _splits: tuple[Split, Split] | None = None

    @classmethod
    def parsed(cls, source: str) -> Expression:
        """Read an expression in Oniguruma's syntax; raise `UnknownSyntaxError`."""
        found = cls(source)
        parser = _Parser(source, found)
        whole = parser.alternatives(top=True)
        if parser.at < len(source) or whole.empty:
            raise UnknownSyntaxError(source)
        return found

    @classmethod
    def literal(cls, text: str) -> Expression:
        """Return the expression that matches a text."""
        return cls.parsed("".join(f"\\x{{{ord(char):x}}}" for char in text))

    def takes(self, chars: str) -> bool:
        """Tell whether any position takes any of the characters."""
        return any(_taken(atom, chars) for atom in self.atoms)

    def spans(self, left: str, right: str) -> bool:
        """Tell whether a match may hold a character of `left` with one of `right` directly after it."""
        taking = {place for place, atom in enumerate(self.atoms) if _taken(atom, right)}
        return any(
            not taking.isdisjoint(after) and _taken(self.atoms[place], left) for place, after in enumerate(self.follow)
        )

    def ends_alike(self, before: str, left: str, right: str) -> bool:
        """Tell whether what is matched up to a seam is the same when the text ends there; no match may span it.

        `before` are the characters that can stand before those of `left`.
        """
        for places, atom in self.looks:
            reaching = [place for place in places if _taken(self.atoms[place], left)]
            # A look ahead that fails at the end of a text and holds before `right`, or the other way round.
            if not reaching or not _taken(atom, right):
                continue
            entered = {place for place, after in enumerate(self.follow) if not after.isdisjoint(reaching)}
            if any(_taken(self.atoms[place], before) for place in entered):
                return False
            # Then such a match begins at `left`, and no more than two characters decide on it.
            if not all(self.matches_first(char + other, char) for char in left for other in right):
                return False
        return True

    def always_takes(self, chars: str) -> bool:
        """Tell whether each of the characters, wherever no earlier match took it, begins a match."""
        return all(self.matches_first(char, char) for char in chars)

    def matches_first(self, text: str, wanted: str) -> bool:
        """Tell whether the first match in a text is `wanted`, its beginning."""
        if self._splits is None:
            pattern = Regex(self.source)
            self._splits = Split(pattern, "isolated"), Split(pattern, "removed")
        isolated, removed = (split.pre_tokenize_str(text) for split in self._splits)
        return isolated[0][0] == wanted and not any(start == 0 for _, (start, _end) in removed)


@lru_cache(_ATOMS_KEPT)
def _taken(atom: str, chars: str) -> bool:
    """Tell whether an expression of one character matches any of the characters."""
    try:
        rest = Split(Regex(atom), "removed").pre_tokenize_str(chars)
    except Exception as error:  # the library raises plain Exception
        raise UnknownSyntaxError(atom) from error
    return sum(end - start for _, (start, end) in rest) < len(chars)


class _Parser:
    def __init__(self, source: str, into: Expression) -> None:
        self._source, self._into = source, into
        self.at = 0

    def alternatives(self, *, top: bool = False, folded: bool = False) -> _Part:
        parts = [self._sequence(top=top, folded=folded)]
        while self._next("|"):
            parts.append(self._sequence(top=top, folded=folded))
        return _Part(
            any(part.empty for part in parts),
            frozenset().union(*(part.first for part in parts)),
            frozenset().union(*(part.last for part in parts)),
        )

    def _sequence(self, *, top: bool, folded: bool) -> _Part:
        whole = _NOTHING
        while self.at < len(self._source) and self._source[self.at] not in "|)":
            if self._source.startswith(("(?!", "(?="), self.at):
                self._look(whole, top=top, folded=folded)
                continue
            part = self._repeated(self._one(folded=folded))
            for place in whole.last:
                self._into.follow[place] |= part.first
            whole = _Part(
                whole.empty and part.empty,
                whole.first | part.first if whole.empty else whole.first,
                whole.last | part.last if part.empty else part.last,
            )
        return whole

    def _look(self, before: _Part, *, top: bool, folded: bool) -> None:
        self.at += 3
        atom = self._atom(folded=folded)
        # At the start of a match it sees what that match itself begins with, which a seam before it does not change.
        at_start = top and before == _NOTHING
        if not self._next(")") or (before.empty and not at_start):
            raise UnknownSyntaxError(self._source)
        self._into.looks.append((before.last, atom))

    def _one(self, *, folded: bool) -> _Part:
        if not self._next("("):
            self._into.atoms.append(self._atom(folded=folded))
            self._into.follow.append(set())
            place = frozenset([len(self._into.atoms) - 1])
            return _Part(empty=False, first=place, last=place)
        if self._next("?i:"):
            folded = True
        elif not self._next("?:") and not self._next("?>") and self._source.startswith("?", self.at):
            raise UnknownSyntaxError(self._source)
        part = self.alternatives(folded=folded)
        if not self._next(")"):
            raise UnknownSyntaxError(self._source)
        return part

    def _repeated(self, part: _Part) -> _Part:
        while found := _QUANTIFIER.match(self._source, self.at):
            self.at = found.end()
            sign, least, comma, most = found.groups()
            if sign is None and not least and not most:
                raise UnknownSyntaxError(self._source)
            if sign != "?" and not (sign is None and not comma and least == "1"):
                for place in part.last:
                    self._into.follow[place] |= part.first
            if sign in ("*", "?") or (sign is None and int(least or 0) == 0):
                part = _Part(empty=True, first=part.first, last=part.last)
        return part

    def _atom(self, *, folded: bool) -> str:
        start = self.at
        if self._source.startswith("[", start):
            self._class()
        else:
            found = _ATOM.match(self._source, start)
            if found is None or found[0] in ("^", "$", ".", "*", "+", "?", "{", ")"):
                raise UnknownSyntaxError(self._source)
            if found[0][0] == "\\" and found[0][1:2].isalnum() and found[0][1] not in _KNOWN_ESCAPES:
                raise UnknownSyntaxError(self._source)
            self.at = found.end()
        text = self._source[start : self.at]
        return f"(?i:{text})" if folded else text

    def _class(self) -> None:
        depth = 0
        while self.at < len(self._source):
            char = self._source[self.at]
            self.at += 2 if char == "\\" else 1
            depth += (char == "[") - (char == "]")
            if not depth:
                return
        raise UnknownSyntaxError(self._source)

    def _next(self, text: str) -> bool:
        found = self._source.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found
