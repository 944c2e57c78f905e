"""The documents and the tokenizers that the golden rows are made of: the same on every machine, for good.

The words are drawn with `Random.random` alone, the one method whose values Python promises never to change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

TOKENIZERS = Path(__file__).with_name("tokenizers")

_WORDS = """
    the a of and to in is was it that for on with as his her they at be this from have or by one had not but what all
    were when we there can an your which their said if do will each about how up out them then she many some so these
    would other into has more her two like him see time could no make than first been its who now people my made over
    did down only way find use may water long little very after words called just where most know house mountain river
    window garden letter morning evening kitchen journey market weather music forest naïve café Straße Ωmega e\u0301
    привет мир слово سلام שלום नमस्ते 机器学习 日本語 テスト ภาษาไทย 한국어 😀 👩\u200d👩\u200d👧 🇫🇷 iPhone手机
    2024 3.14 1,000,000 don't e-mail foo_bar HTTP https://example.org/a?b=c#d x=y+z;
""".split()  # noqa: SIM905 - one word in quotes per line would fill the file
_CONTROL = ("<|endoftext|>", "<s>", "</s>", "<bos>", "<eos>")
"""Control tokens written in the text, each of which some of the tokenizers know."""
_JOINTS = (" ", " ", " ", " ", " ", " ", ", ", ". ", "\n", "\n\n", "  ", "\t", "")


def _pick(random: Random, items: Sequence[str]) -> str:
    return items[int(random.random() * len(items))]


def _document(random: Random, words: int) -> str:
    pieces = []
    for _ in range(words):
        pieces.append(_pick(random, _CONTROL) if random.random() < 0.004 else _pick(random, _WORDS))
        pieces.append(_pick(random, _JOINTS))
    return "".join(pieces)


def _documents(seed: int, count: int, words: Callable[[Random], int], special: Mapping[int, str]) -> list[str]:
    random = Random(seed)
    made = [_document(random, words(random)) for _ in range(count)]
    for place, text in special.items():
        made[place] = text
    return made


def _short(random: Random) -> int:
    return int(random.random() * 14) if random.random() < 0.97 else int(random.random() * 400)


def _long(random: Random) -> int:
    return int(random.random() ** 3 * 320)


_LONG = "water over the mountain. " * 60
_ODD = {
    3: "",
    4: "",
    5: " ",
    9: "\n",
    14: "<s>",
    15: "</s>",
    16: "<|endoftext|>",
    17: "<bos> a",
    18: "<eos>",
    40: "\x00",
}
_SEAMS = {998: "", 999: "", 1000: "", 1001: "", 2047: "", 2048: _LONG}
"""Where the peers' batches end: empty documents, and a last document that fills rows of its own."""


def documents(name: str) -> list[str]:
    """Return the documents of one set."""
    if name == "short_2049":
        return _documents(1, 2049, _short, _ODD | _SEAMS)
    if name == "last_alone_2049":  # the last batch of 2,048 holds one short document
        return _documents(2, 2049, _short, {2048: "the end"})
    if name == "short_3001":
        return _documents(3, 3001, _short, {1000: "", 1001: "", 2000: "", 2001: "", 3000: _LONG} | _ODD)
    if name == "long_5000":
        random = Random(40)
        huge = {place: _document(random, 12_000) for place in (0, 2047, 2048, 4444)}
        return _documents(4, 5000, _long, _ODD | huge)
    assert name == "few_7", name
    return _documents(5, 7, _short, {})


def digest(texts: Sequence[str]) -> str:
    """Return the SHA-256 of documents, so that a change of this file is told from one of the code."""
    whole = hashlib.sha256()
    for text in texts:
        data = text.encode()
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()


def train_tokenizers() -> None:
    """Train the tokenizers anew and write them beside this file, as `transformers` loads them.

    `plain`: byte-level BPE, one control token of id 0 for both ends, adds none, as Pythia's does.
    `own`: byte-level BPE, BOS id 0 that it adds itself, EOS and PAD ids 1 and 2.
    `metaspace`: Metaspace BPE with byte fallback and a first word only at the start, adds `<s>`, as Llama's does.
    `both`: Metaspace BPE that marks every piece, puts `<s>` before and `</s>` after a text, allows 80 tokens.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    texts = documents("short_3001")

    def trained(tokenizer: Tokenizer, special: list[str], alphabet: list[str]) -> Tokenizer:
        trainer = trainers.BpeTrainer(
            vocab_size=len(special) + len(alphabet) + 260,
            special_tokens=special,
            initial_alphabet=alphabet,
            limit_alphabet=max(60, len(alphabet)),  # rare letters fall back to bytes where there are bytes
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return tokenizer

    def byte_level(special: list[str]) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        return trained(tokenizer, special, sorted(pre_tokenizers.ByteLevel.alphabet()))

    def metaspace(scheme: str) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
        tokenizer.decoder = decoders.Sequence(
            [decoders.Metaspace(prepend_scheme=scheme), decoders.ByteFallback(), decoders.Fuse()]
        )
        octets = [f"<0x{octet:02X}>" for octet in range(256)]
        made = trained(tokenizer, ["<unk>", "<s>", "</s>", *octets], [])
        return _without_special(made, octets)

    def around(tokenizer: Tokenizer, single: str, pair: str, names: list[str]) -> Tokenizer:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=single, pair=pair, special_tokens=[(name, tokenizer.token_to_id(name)) for name in names]
        )
        return tokenizer

    end = "<|endoftext|>"
    _keep("plain", byte_level([end]), bos_token=end, eos_token=end, unk_token=end)
    own = around(byte_level(["<bos>", "<eos>", "<pad>"]), "<bos> $A", "<bos> $A <bos> $B", ["<bos>"])
    _keep("own", own, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", sep_token="<pad>")
    named = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    _keep("metaspace", around(metaspace("first"), "<s> $A", "<s> $A <s> $B", ["<s>"]), **named)
    both = around(metaspace("always"), "<s> $A </s>", "<s> $A </s> <s> $B </s>", ["<s>", "</s>"])
    _keep("both", both, model_max_length=80, **named)


def _without_special(tokenizer: Any, names: Sequence[str]) -> Any:
    """Return the tokenizer with `names` as plain members of its vocabulary."""
    from tokenizers import Tokenizer

    stored = json.loads(tokenizer.to_str())
    stored["added_tokens"] = [token for token in stored["added_tokens"] if token["content"] not in set(names)]
    return Tokenizer.from_str(json.dumps(stored))


def _keep(name: str, tokenizer: Any, **config: str | int) -> None:
    folder = TOKENIZERS / name
    folder.mkdir(parents=True, exist_ok=True)
    stored = json.loads(tokenizer.to_str())
    (folder / "tokenizer.json").write_text(json.dumps(stored, ensure_ascii=False, separators=(",", ":")) + "\n")
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", **config}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings) + "\n")
