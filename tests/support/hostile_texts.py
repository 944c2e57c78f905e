"""Texts made of what engines treat in different ways: cases, marks, scripts, spaces, tokens and parts of them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

ATOMS = (
    "a", "A", "e", "E", "s", "S", "t", "T", "d", "D", "m", "M", "0", "1", "9", ".", ",", ";", ":", "!", "?",
    "'", "\"", "-", "/", "(", ")", "[", "]", "{", "}", "<", ">", "|", "_", "#", "@", " ", "\t", "\n", "\r",
    "'s", "'S", "'\u017f", "'ll", "'RE", "  ", "   ", "\r\n", "\n\n", " \n", "\xa0", "\u2003", "\u3000",
    "\x85", "\x00", "\x1b", "the", "The", "THE", "cat", "concatenate", "ice", "\ufb01", "\xdf", "\u1e9e",
    "\u0130", "\u0131", "\u01c5", "\u02b0", "\xaa", "\u2167", "\xbd", "\xb2", "\u2460", "\u0663", "\u096b",
    "\xe9", "e\u0301", "\u0301", "\u0323\u0301", "\u0301\u0323", "\u0345", "\u0338", "\u212a", "\u2126",
    "\u037e", "\u0958", "\u0642\u0653\u08d3", "\u0647\u08d3\u064f", "\u0c15\u0c4d\u0c3c",
    "\u0ea5\u0ec8\u0eba", "\U00011935\U00011930", "\U000105d2\u0307", "\u1100\u1161\u11a8", "\uac00\u11a8",
    "\u65e5\u672c", "\u3072\u3089\u304c\u306a", "\u30ab\u30ca", "\u8a9e", "\u0e44\u0e17\u0e22",
    "\u0939\u093f\u0928\u094d\u0926\u0940",
    "\u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u064e\u0651\u0629",
    "\u05e2\u05b4\u05d1\u05b0\u05e8\u05b4\u05d9\u05ea", "\U0001f642", "\U0001f469\u200d\U0001f469",
    "\U0001f1e9\U0001f1ea", "\u200d", "\ufe0f", "\ufeff", "\xad", "\ufffd", "\uffff", "\U0010ffff",
    "\U000e0001", "\u0378", "\u1c89", "\ua7cb", "\U00010d50", "\U0001e5d0", "\U000323b0", "\u2581",
    "\u2581\u2581", "<0x41>", "\u0120", "##",
)  # fmt: skip


def texts_of(seed: int, tokens: list[str], count: int) -> Iterator[str]:
    """Yield texts of up to twelve atoms, a quarter of which are these tokens or parts of them."""
    random = Random(seed)
    pieces = [*tokens, *(token[:-1] for token in tokens), *(token.upper() for token in tokens)]
    for _ in range(count):
        weights = (ATOMS, pieces or ATOMS)
        yield "".join(random.choice(weights[random.random() < 0.25]) for _ in range(random.randint(0, 12)))
