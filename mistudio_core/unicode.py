"""The one table of Unicode that figures come from: the same on every Python, where the built-in one differs."""

from __future__ import annotations

from typing import Final

import unicodedata2

UNICODE_VERSION: Final[str] = unicodedata2.unidata_version


def category(character: str) -> str:
    """Return the general category, such as `Lu`; that of what the table does not know is `Cn`."""
    return str(unicodedata2.category(character))


def is_unknown(character: str) -> bool:
    """Tell whether a newer Unicode may know what the table does not; code points that never become characters aside."""
    point = ord(character)
    never = 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
    return category(character) == "Cn" and not never


def is_letter(character: str) -> bool:
    """Tell whether a character is a letter, or may be one for all that the table knows."""
    return category(character)[0] == "L" or is_unknown(character)


def combining(character: str) -> int:
    """Return the canonical combining class, 0 for what does not combine."""
    return int(unicodedata2.combining(character))


def nfc(text: str) -> str:
    """Return a text in composed form."""
    return str(unicodedata2.normalize("NFC", text))


def nfd(text: str) -> str:
    """Return a text in decomposed form."""
    return str(unicodedata2.normalize("NFD", text))
