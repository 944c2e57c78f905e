"""Vocabularies of sentencepiece and tiktoken without a `tokenizer.json`: held to the ids of those libraries."""

from __future__ import annotations

import base64
import functools
import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sentencepiece
import tiktoken

from mistudio_core.errors import StudioError
from mistudio_core.sources.tokenizers import load_tokenizer
from tests.golden import corpus

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PIECES = (
    "the", "River", " ", "  ", "\n", "\t", "é", "e\u0301", "東京", "ﬁ", "½", "don't", "12345", "🙂", "aaaaaaaaa", "▁",
    "x\u0301", "\u3000", "\u200b", "WATER", "<", "|", "\x00", "ß",
)  # fmt: skip


def fuzzed(count: int) -> list[str]:
    random = Random(5)
    return [random.choice(["", " "]).join(random.choices(PIECES, k=random.randint(1, 9))) for _ in range(count)]


@functools.cache
def trained(kind: str, *, byte_fallback: bool, rule: str) -> bytes:
    texts = [text for text in corpus.documents("short_3001") if text][:1500]
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=written, vocab_size=400, model_type=kind, minloglevel=2,
        byte_fallback=byte_fallback, character_coverage=0.995, normalization_rule_name=rule, hard_vocab_limit=False,
        remove_extra_whitespaces=rule != "identity", num_threads=1,
    )  # fmt: skip
    return written.getvalue()


@pytest.mark.parametrize("file", ["spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "own.model"])
@pytest.mark.parametrize("kind", ["unigram", "bpe"])
@pytest.mark.parametrize("byte_fallback", [True, False])
@pytest.mark.parametrize("rule", ["nmt_nfkc", "identity"])
def test_a_sentencepiece_model_gives_its_own_ids(
    tmp_path: Path, file: str, kind: str, byte_fallback: bool, rule: str
) -> None:
    model = trained(kind, byte_fallback=byte_fallback, rule=rule)
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / file).write_bytes(model)
    loaded = load_tokenizer(tmp_path / "kept", str(tmp_path / "given"))
    encoder, own = loaded.load(), sentencepiece.SentencePieceProcessor(model_proto=model)
    assert loaded.vocab_size == own.vocab_size()
    differing = [text for text in fuzzed(300) if encoder.encode(text, add_special_tokens=False).ids != own.encode(text)]
    assert differing == []
    # Bytes written out are read as those bytes; marks after a composed letter are normalized otherwise. Both are told.
    known = "<0x" if rule == "identity" else "come out otherwise than sentencepiece has them"
    assert all(known in note for note in loaded.notes)


def test_a_class_that_reads_a_model_otherwise_is_told(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "tokenizer.model").write_bytes(trained("unigram", byte_fallback=True, rule="nmt_nfkc"))
    (given / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer"}))
    (note,) = load_tokenizer(tmp_path / "kept", str(given)).notes
    assert "tokenizer.model" in note
    assert "come out otherwise than sentencepiece has them" in note


def ranks() -> dict[bytes, int]:
    """Return byte pairs merged as tiktoken has them: 256 bytes, then what they are merged to."""
    words = [b"th", b"the", b" the", b"er", b"in", b"ing", b"Ri", b"ver", b"River", b" River", b"12", b"123", b"\n\n"]
    words += [b"ve", b" w", b"at", b" t", b"aa", b"aaaa", "é".encode(), "東".encode()[:2], "東".encode()]
    order = sorted(dict.fromkeys(words), key=len)
    return {**{bytes([value]): value for value in range(256)}, **{word: 256 + at for at, word in enumerate(order)}}


@pytest.mark.parametrize("file", ["own.tiktoken", "tokenizer.model"])
@pytest.mark.parametrize("named", [False, True])
def test_tiktoken_ranks_give_the_ids_of_tiktoken(tmp_path: Path, file: str, named: bool) -> None:
    (tmp_path / "given").mkdir()
    path = tmp_path / "given" / file
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks().items()))
    loaded = load_tokenizer(tmp_path / "kept", str(path if named else path.parent))
    encoder = loaded.load()
    own = tiktoken.Encoding("own", pat_str=PATTERN, mergeable_ranks=ranks(), special_tokens={})
    texts = [*fuzzed(300), *[text for text in corpus.documents("short_3001") if text][:50]]
    assert [encoder.encode(text).ids for text in texts] == [own.encode(text, disallowed_special=()) for text in texts]
    (note,) = loaded.notes
    assert "does not hold the pattern" in note


@pytest.mark.parametrize("content", [b"", b"\x00\x01garbage", b"not base64 at all\n", b"QQ== 0\n???\n"])
@pytest.mark.parametrize("file", ["own.tiktoken", "spiece.model"])
def test_what_is_no_vocabulary_is_refused(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / file).write_bytes(content)
    with pytest.raises(StudioError) as caught:
        load_tokenizer(tmp_path / "kept", str(tmp_path / "given"))
    assert caught.value.code == "tokenizer_unsupported"


def test_code_of_its_own_is_the_reason_where_it_is(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    own: dict[str, Any] = {"auto_map": {"AutoTokenizer": ["own.Own", None]}, "tokenizer_class": "Own"}
    (given / "own.tiktoken").write_bytes(b"IQ== 0\n")
    (given / "tokenizer_config.json").write_text(json.dumps(own))
    with pytest.raises(StudioError, match="custom code"):
        load_tokenizer(tmp_path / "kept", str(given))
