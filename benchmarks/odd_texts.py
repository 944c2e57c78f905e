"""The texts of `real_tokenizers.py`: what nearly right engines get wrong, and ordinary text of many kinds."""

from __future__ import annotations

import random
import sysconfig
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import regex

SEED = 20
_WORDS = [
    "the",
    "Don't",
    "WE'LL",
    "naïve",
    "x86_64",
    "3.14",
    "1234567",
    "机器",
    "ภาษา",
    "नमस्ते",
    "سلام",
    "שלום",
    "👩‍👩‍👧",
    "🇫🇷",
]
_SPACES = ["", "", " ", " ", "  ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u200b", "\u2028", "\x85", "\x0b"]
_ANCHORS = "\u0334\u3099\u094d\u064b\u064f\u0670\u0316\u031b\u0321\u0301\u0345\u20d0\u302a\u0f71\u0e38\u0ec8"
"""Marks of as many combining classes, among which any other mark has one before and one after it in canonical order."""
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


def marks() -> list[str]:
    """Return each combining mark, before and after marks of other classes, and every canonical composition."""
    found = regex.findall(r"\p{M}", "".join(map(chr, _code_points())))
    texts = [f"a{mark}{anchor} b{anchor}{mark}" for mark in found for anchor in _ANCHORS]
    texts += ["\u0647\u08d3\u064f", "\u0c15\u0c4d\u0c3c", "\u0ea5\u0ec8\u0eba", "\U00011935\U00011930"]
    for code in _code_points():
        decomposed = unicodedata.normalize("NFD", chr(code))
        if decomposed != chr(code) and not 0xAC00 <= code <= 0xD7A3:
            texts.append(f"{chr(code)} {decomposed} x{decomposed}y")
    return texts


def code_points(at_once: int = 16) -> list[str]:
    """Return texts in which every code point stands in a word and apart."""
    every = [f"a{chr(code)} {chr(code)}b" for code in _code_points()]
    return ["".join(every[first : first + at_once]) for first in range(0, len(every), at_once)]


def _code_points() -> Iterator[int]:
    """Yield every code point but those of planes that hold none, or private ones alone."""
    yield from range(0xD800)
    yield from range(0xE000, 0x40000)
    yield from range(0xE0000, 0xE0200)
    yield from (0xFFFFD, 0x10FFFF)


def fuzzed(tokenizer_json: Mapping[str, Any], count: int) -> list[str]:
    """Return strings of words, spaces, any characters, and the tokenizer's own tokens, whole and cut."""
    dice = random.Random(SEED)
    added = [token["content"] for token in tokenizer_json.get("added_tokens", ())] or [""]
    vocabulary = tokenizer_json["model"].get("vocab", ())
    known = [entry if isinstance(entry, str) else entry[0] for entry in vocabulary]
    planes = [(0x20, 0x7F), (0x80, 0x250), (0x300, 0x370), (0x370, 0x1400), (0x1E00, 0x3100), (0x3400, 0xD800),
              (0xE000, 0x10000), (0x10000, 0x1FC00)]  # fmt: skip

    def piece() -> str:
        kind = dice.randrange(8)
        if kind == 0:
            return dice.choice(added)
        if kind == 1:
            token = dice.choice(added)
            return token[: dice.randrange(len(token) + 1)] + dice.choice(("", "x", " ", token.upper(), "\n"))
        if kind == 2:
            return dice.choice(known)
        if kind <= 4:
            return dice.choice(_WORDS)
        low, high = dice.choice(planes)
        return "".join(chr(dice.randrange(low, high)) for _ in range(dice.randrange(1, 4)))

    return ["".join(piece() + dice.choice(_SPACES) for _ in range(dice.randrange(1, 12))) for _ in range(count)]


def mixed(english: Sequence[str], scripts: Sequence[str], megabytes: float) -> dict[str, list[str]]:
    """Return documents by kind: English, code, other scripts, logs, and a few of a megabyte or more."""
    dice = random.Random(SEED)
    sentences = [
        line.strip() for text in scripts for line in regex.split(r"(?<=[.!?。।؟])\s+|\n+", text) if line.strip()
    ]
    dense = [line for line in sentences if _CJK.search(line)]
    part = megabytes * 1e6 / 6
    code = _code()
    return {
        "English": _up_to(part, _forever(dice, english)),
        "code": _up_to(part, iter(code * 4)),
        "scripts": _up_to(2 * part, (" ".join(dice.choices(sentences, k=9)) for _ in iter(int, 1))),
        "logs": _up_to(part / 2, ("\n".join(_log_line(dice) for _ in range(40)) for _ in iter(int, 1))),
        "long": [
            " ".join(_up_to(part / 4, _forever(dice, english))),
            "".join(_up_to(part / 4, _forever(dice, dense))),
            "\n".join(_up_to(part / 4, (_log_line(dice) for _ in iter(int, 1)))),
            " ".join(_up_to(part / 4, _forever(dice, sentences))),
            "\n\n\n".join(_up_to(part / 4, _forever(dice, code))),
            "b b" + " a" * 150_000 + " b",
            "ab" * 150_000,
            " " * 300_000 + "x",
        ],
    }


def _up_to(size: float, texts: Iterator[str]) -> list[str]:
    taken, total = [], 0
    for text in texts:
        taken.append(text)
        total += len(text.encode())
        if total >= size:
            break
    return taken


def _forever(dice: random.Random, texts: Sequence[str]) -> Iterator[str]:
    while True:
        yield dice.choice(texts)


def _code() -> list[str]:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")) + sorted(
        Path(sysconfig.get_path("stdlib")).glob("*/*.py")
    )
    return [text for path in files if (text := path.read_text("utf-8", "ignore"))]


def _log_line(dice: random.Random) -> str:
    when = f"2026-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}T{dice.randrange(24):02}:{dice.randrange(60):02}"
    level = dice.choice(("INFO ", "WARN ", "ERROR", "DEBUG"))
    tail = dice.choice((
        f'GET /api/v{dice.randrange(9)}/{dice.getrandbits(64):x}?q=%20{dice.random():.4f} {dice.randrange(600)}',
        f'{{"id": {dice.getrandbits(31)}, "ok": {dice.choice(("true", "null"))}, "t": {dice.random() * 1e4:.3e}}}',
        f"\tat com.example.pkg{dice.randrange(99)}.Main$1.run(Main.java:{dice.randrange(999)})",
        f"[{'=' * dice.randrange(60):60}] {dice.randrange(100)}%",
    ))  # fmt: skip
    return f"{when}.{dice.randrange(1000):03}Z {level} [{dice.getrandbits(16):04x}] {tail}"
