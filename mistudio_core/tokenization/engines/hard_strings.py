"""Texts on which engines that are nearly right go wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable
from functools import cache
from typing import Final

from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_FIXED: Final = (
    "",
    " ",
    "  ",
    "   \t  ",
    "\n",
    "\n\n\n",
    " \n \n",
    "\r\n",
    "\r\r\n\n",
    "\t\t\tx",
    "a\n b\n  c\n   d",
    "trailing spaces    ",
    "    leading spaces",
    "inner     runs   of  spaces",
    " " * 4096,
    "\n" * 2048,
    "a" * 3000,
    "ab" * 1500,
    "-" * 1000,
    "=" * 777 + "\n" + "*" * 333,
    "1234567890" * 100,
    "3.14159e-10 0x1F 1,000,000.00 10^-3 ½ ²",
    "I'm you're he'S WE'LL they'd isn't ain''t 'tis o'clock I’m don‘t",
    "can\u2019t won\u2019t '\u2019'",
    "e\u0301 é a\u0308 ä n\u0303 ñ \u0041\u030a Å",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e",
    "👩‍👩‍👧‍👦 👨🏽‍💻 🏳️‍🌈 🇩🇪🇫🇷 ☺️ ☺︎ 1️⃣ 🫠",
    "😀" * 200,
    "🙂a🙂b 🙂 c",
    "\U0001f468\u200d",
    "\u200d\u200d",
    "\ufe0f",
    "机器学习是人工智能的一个分支。",
    "機械学習とは、データから学ぶことである。",
    "한국어를 배우는 것은 재미있다.",
    "ภาษาไทยไม่มีช่องว่าง",
    "Привет, как дела? Ёжик",
    "Γειά σου Κόσμε ΣΊΣΥΦΟΣ ς",
    "שלום עולם",
    "مرحبا بالعالم ١٢٣",
    "हिन्दी में लिखा हुआ",
    "বাংলা ভাষা",
    "தமிழ்",
    "తెలుగు",
    "ქართული",
    "Հայերեն",
    "አማርኛ",
    "မြန်မာ",
    "ខ្មែរ",
    "ລາວ",
    "ᠮᠣᠩᠭᠣᠯ",
    "ᚠᚢᚦᚨᚱᚲ",
    "𐌰𐌱𐌲",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝓈𝒸𝓇𝒾𝓅𝓉",
    "ﬁ ﬂ ﬀ ŀ Ĳ ẞ ß",
    "\x00",
    "a\x00b",
    "\x00\x01\x02\x03\x1b[31mred\x1b[0m\x7f",
    "\x85\xa0\u1680\u2000\u2003\u2028\u2029\u202f\u205f\u3000",
    "\u00a0non\u00a0breaking\u00a0",
    "\u200bzero\u200bwidth\u200b",
    "\ufeffbyte order mark",
    "\u202eright to left\u202c",
    "\ufffd\ufffe\uffff",
    "\U000e0001\U000e007f",
    "\U0010ffff",
    "\ud7ff\ue000",
    "▁▁a▁b",
    " ▁ ▁",
    "<0x41><0xFF>",
    "##ing ##",
    "Ġhello Ċ",
    "def f(x):\n    return {'a': [1, 2, *x]}  # comment\n\n\tif x != y and x >= 0: pass\n",
    '<p class="a">x &amp; y</p>',
    "https://example.org/a?b=c&d=%20e#f user@example.org C:\\path\\to \\n \\u0041",
    '{"k": [null, true, -0.0]}',
    "iPhone XMLHttpRequest snake_case SCREAMING_CASE kebab-case x86_64 v1.2.3-rc4 #hashtag @mention $9.99 50% §3",
    "MIXEDcaseWORDS allCAPS Title'S",
    "aaa.bbb...ccc!!!???",
    "“quotes” ‘single’ «guillemets» — – ‐ … • ·",
    "a\u00adb soft hyphen",
    "word " * 300,
    "Der Donaudampfschifffahrtsgesellschaftskapitän",
    "x" + "\u0301" * 50,
    "\u0301 starts with a mark",
    "1 22 333 4444 55555 666666 7777777 ٣٤٥ ४५६ Ⅷ ①",
    "\n\n \n\t\n a",
    "a \n\n b\t\t c \r\n d",
    "é" * 513,
    "日" * 700,
    "ا" * 600,
)


_CONTEXTS: Final = (
    "a{0}a",
    "A{0}A",
    "1{0}1",
    " {0}",
    ".{0}.",
    "\n{0}\n",
    "'{0}",
    "{0}{0}",
    "a\u0301{0}",
    "{0}\u0323\u0345",
)
"""Where a character of each kind is tried: rules that cut words look at what stands beside it."""
_OF_EACH_CATEGORY: Final = 3
_BEYOND: Final = (0x20000, 0x2A6DF, 0x2F800, 0x31350, 0x323B0, 0x40000, 0xE0001, 0xE0100, 0xE01EF, 0xF0000, 0x10FFFF)


def hard_strings(tokenizer: StoredTokenizer) -> list[str]:
    """Return the fixed texts, characters of every kind in every place, and the tokenizer's own added tokens."""
    texts = [*_FIXED, *_characters(), *_marks_out_of_order()]
    for token in tokenizer.load().get_added_tokens_decoder().values():
        texts += _around(token.content)
    return texts


def _around(token: str) -> list[str]:
    """Return texts with a token alone, in and at words, beside spaces and lines, twice, cut short, in capitals."""
    places = f"{token} a {token}, {token}\n\n{token}  x {token}a 1{token}1 .{token}. _{token}_ \u0301{token}\u0301"
    return [token, f"a{token}b", f" {token} ", f"{token}{token}", f"x\n{token}\ny", places, token[:-1], token.upper()]


@cache
def _characters() -> list[str]:
    """Return for each general category of Unicode some characters from all over, in each context."""
    texts = []
    for chars in _by(unicodedata.category).values():
        step = max(1, len(chars) // _OF_EACH_CATEGORY)
        chosen = {chars[0], *chars[step // 2 :: step], chars[-1]}
        texts += [" | ".join(context.format(char) for context in _CONTEXTS) for char in chosen]
    return sorted(texts)


@cache
def _marks_out_of_order() -> list[str]:
    """Return pairs of marks of any two combining classes, in both orders, on a letter."""
    classes = _by(unicodedata.combining)
    marks = [chars[0] for kind, chars in classes.items() if kind != 0]
    return [" ".join(f"a{one}{other}" for other in marks) for one in marks]


def _by(property_of: Callable[[str], Hashable]) -> dict[Hashable, list[str]]:
    """Return characters by a property: all of the first two planes, and some of those that hold little else."""
    found: dict[Hashable, list[str]] = {}
    for point in (*range(0xD800), *range(0xE000, 0x20000), *_BEYOND):
        found.setdefault(property_of(chr(point)), []).append(chr(point))
    return found
