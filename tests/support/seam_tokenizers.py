"""Small tokenizers of the kinds whose long texts are cut differently, as the content of a `tokenizer.json`."""

from __future__ import annotations

import functools
import json
from random import Random
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from tests.support.tokenizer_families import text_of

_TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_WORD = r"[^\r\n\p{L}\p{N}]?"
SPLITS = {
    "llama3": rf"{_SHORT}|{_WORD}\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen": rf"{_SHORT}|{_WORD}\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k": rf"{_WORD}{_UPPER}*{_LOWER}+{_SHORT}?|{_WORD}{_UPPER}+{_LOWER}*{_SHORT}?|\p{{N}}{{1,3}}|{_TAIL}",
    "spaces_after": r"\S+\s*|\s+",
    "space_runs": r"(?=\S)\S+(?!\s\s)|\s+",
    "back_look": r"(?<= )\S+|\s+|\S+",
}


def _bytes(*splits: str, prefix: bool = False, behavior: str = "isolated") -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    steps: list[Any] = [pre_tokenizers.Split(Regex(SPLITS[name]), behavior) for name in splits]
    last = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=not splits)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*steps, last])
    return tokenizer


def _superwords() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return tokenizer


def _marks(normalizer: Any, pre_tokenizer: Any = None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizer
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    return tokenizer


def _unigram(**options: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(**options)
    return tokenizer


def _wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _digits() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer


def _pre(step: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = step
    return tokenizer


_SPACE = normalizers.Replace(" ", "▁")
MAKERS: dict[str, Any] = {
    "gpt2": _bytes,
    "gpt2_prefix": lambda: _bytes(prefix=True),
    "llama3": lambda: _bytes("llama3"),
    "qwen_nfc": lambda: _with(_bytes("qwen"), normalizers.NFC()),
    "o200k": lambda: _bytes("o200k"),
    "o200k_removed": lambda: _bytes("o200k", behavior="removed"),
    "spaces_after": lambda: _bytes("spaces_after"),
    "space_runs": lambda: _bytes("space_runs"),
    "back_look": lambda: _bytes("back_look"),
    "merged": lambda: _bytes("llama3", behavior="merged_with_next"),
    "merged_previous": lambda: _bytes("llama3", behavior="merged_with_previous"),
    "contiguous": lambda: _bytes("llama3", behavior="contiguous"),
    "superwords": _superwords,
    "gemma": lambda: _marks(_SPACE, pre_tokenizers.Split(" ", "merged_with_previous")),
    "gemma_words": lambda: _marks(_SPACE),
    "llama2": lambda: _marks(normalizers.Sequence([normalizers.Prepend("▁"), _SPACE])),
    "stripped": lambda: _marks(
        normalizers.Sequence([normalizers.Strip(), normalizers.NFKD(), normalizers.StripAccents(), _SPACE])
    ),
    "lowered": lambda: _marks(normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace("e r", "E"), _SPACE])),
    "metaspace_first": lambda: _marks(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False)),
    "metaspace_always": lambda: _marks(None, pre_tokenizers.Metaspace(prepend_scheme="always")),
    "metaspace_after_spaces": lambda: _marks(
        None,
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")]),
    ),
    "unigram": _unigram,
    "unigram_whole": lambda: _unigram(split=False, prepend_scheme="never"),
    "wordpiece": _wordpiece,
    "digits": _digits,
    "scripts": lambda: _pre(pre_tokenizers.UnicodeScripts()),
    "punctuation": lambda: _pre(pre_tokenizers.Punctuation("merged_with_previous")),
    "delimiter": lambda: _pre(pre_tokenizers.CharDelimiterSplit(" ")),
    "whitespace": lambda: _pre(pre_tokenizers.Whitespace()),
}
"""Every kind; of some no text may be cut."""
WORDWISE = frozenset({"gemma_words"})
"""Kinds trained word by word, so that no token holds a space after a letter."""


def _with(tokenizer: Tokenizer, normalizer: Any) -> Tokenizer:
    tokenizer.normalizer = normalizer
    return tokenizer


ADDED = (
    AddedToken("<|plain|>", special=True),
    AddedToken("<mask>", lstrip=True, normalized=False),
    AddedToken("<right>", rstrip=True, normalized=False),
    AddedToken("word", single_word=True, normalized=False),
    AddedToken("River", single_word=True, normalized=True),
    AddedToken("of the", normalized=False),
    AddedToken("a b", normalized=True),
    AddedToken(", and", single_word=True, normalized=False),
    AddedToken("\n\n", normalized=False),
    AddedToken("   ", normalized=False),
    AddedToken("y\nx", normalized=False),
)
"""Added tokens with every flag, beside and across the places at which texts are cut."""


@functools.cache
def seam_tokenizer(kind: str, added: bool) -> str:
    """Return the `tokenizer.json` of a kind, with or without the added tokens."""
    tokenizer = MAKERS[kind]()
    random = Random(7)
    texts = [text_of(random, 12) for _ in range(600)] + ["b b a a a b", "you are. 机器，学习。 a\n b, c\nd"] * 20
    texts += ["by the way of the river"] * 40 + ["x\ny = 1;\n/y"] * 30
    if kind in WORDWISE:
        texts = [" " + word for text in texts for word in text.split()]
    octets = [f"<0x{octet:02X}>" for octet in range(256)]
    special = ["<unk>", "[UNK]"] + (octets if getattr(tokenizer.model, "byte_fallback", False) else [])
    if isinstance(tokenizer.model, models.Unigram):
        trainer: Any = trainers.UnigramTrainer(
            vocab_size=500, unk_token="<unk>", special_tokens=special, show_progress=False
        )
    elif isinstance(tokenizer.model, models.WordPiece):
        trainer = trainers.WordPieceTrainer(vocab_size=500, special_tokens=special, show_progress=False)
    else:
        alphabet = pre_tokenizers.ByteLevel.alphabet() if "ByteLevel" in tokenizer.to_str() else []
        trainer = trainers.BpeTrainer(
            vocab_size=1200, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
    tokenizer.train_from_iterator(texts, trainer)
    facts = json.loads(tokenizer.to_str())
    facts["added_tokens"] = [token for token in facts["added_tokens"] if token["content"] not in octets]
    tokenizer = Tokenizer.from_str(json.dumps(facts))
    if added:
        tokenizer.add_tokens(list(ADDED))
    return str(tokenizer.to_str())
