"""Small tokenizers of every family, trained for the tests."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from random import Random
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.golden import corpus
from tests.support.tokenized import stored

FAMILIES = ("plain", "own", "metaspace", "both", "prepended", "unigram", "wordpiece")
"""`plain`, `own`, `metaspace` and `both` are those of the golden rows; the others are made here."""
FAST = ("plain", "own", "metaspace", "both", "prepended")
"""Those that the fast engine knows."""


def family(root: Path, name: str) -> StoredTokenizer:
    """Keep the tokenizer of a family under `root`."""
    if name in ("plain", "own", "metaspace", "both"):
        return stored(root, corpus.TOKENIZERS / name)
    made, config = _trained(name)
    return store_tokenizer(root, made, config, name=name, revision=None)


@functools.cache
def _trained(name: str) -> tuple[str, dict[str, Any]]:
    tokenizer, config = {"prepended": _prepended, "unigram": _unigram, "wordpiece": _wordpiece}[name]()
    return tokenizer.to_str(), config


def _texts() -> list[str]:
    return [text for text in corpus.documents("short_3001") if text][:1500]


def _prepended() -> tuple[Tokenizer, dict[str, Any]]:
    """Byte-fallback BPE with the older form of SentencePiece: a normalizer puts the mark before every text."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    octets = [f"<0x{octet:02X}>" for octet in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<unk>", "<s>", "</s>", *octets], limit_alphabet=60, show_progress=False
    )
    tokenizer.train_from_iterator((word for text in _texts() for word in text.split("▁")), trainer)
    facts = json.loads(tokenizer.to_str())
    facts["added_tokens"] = [token for token in facts["added_tokens"] if token["content"] not in octets]
    tokenizer = Tokenizer.from_str(json.dumps(facts))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def _unigram() -> tuple[Tokenizer, dict[str, Any]]:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=600, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer, {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


def _wordpiece() -> tuple[Tokenizer, dict[str, Any]]:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_texts(), trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer, {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


def text_of(random: Random, words: int) -> str:
    """Return a text of the corpus's own words."""
    return corpus._document(random, words)
