"""Model repositories with tokenizers trained on the spot, and without; each function returns a new one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import BPE, WordPiece

from tests.hub.repository import Files, Repository
from tests.hub.rows import sentences

VOCABULARY = 500
CONTEXT = 128
END = "<|endoftext|>"
START = "<s>"
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MODEL_CARD = "---\nlicense: mit\n---\n# A model for tests\n"


@contextmanager
def _one_thread() -> Iterator[None]:
    # Threads of the library, once used in this process, make it warn at every later fork.
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = before


@cache
def bpe_json() -> str:
    """Return the tokenizer.json of a byte-level BPE in the manner of GPT-2: 500 ids, one of them END, no BOS added."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    with _one_thread():
        tokenizer.train_from_iterator(sentences(400, seed=11), trainer)
    return tokenizer.to_str()


@cache
def wordpiece_json() -> str:
    """Return the tokenizer.json of a WordPiece in the manner of BERT: lower case, [CLS] and [SEP] added."""
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=BERT_SPECIALS, show_progress=False)
    with _one_thread():
        tokenizer.train_from_iterator(sentences(400, seed=11), trainer)
    end, start = BERT_SPECIALS.index("[SEP]"), BERT_SPECIALS.index("[CLS]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", end), ("[CLS]", start))
    return tokenizer.to_str()


def _bpe_files() -> Files:
    special = {"bos_token": END, "eos_token": END, "unk_token": END}
    settings = {**special, "tokenizer_class": "GPT2Tokenizer", "model_max_length": CONTEXT, "add_prefix_space": False}
    whole = bpe_json()
    model = json.loads(whole)["model"]
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    config = {
        "model_type": "gpt2",
        "vocab_size": VOCABULARY,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "n_positions": CONTEXT,
        "architectures": ["GPT2LMHeadModel"],
    }
    return {
        "README.md": MODEL_CARD,
        "config.json": json.dumps(config),
        "tokenizer.json": whole,
        "tokenizer_config.json": json.dumps(settings),
        "special_tokens_map.json": json.dumps(special),
        "vocab.json": json.dumps({END: 0, **model["vocab"]}),
        "merges.txt": f"#version: 0.2\n{merges}\n",
    }


def bpe(repo_id: str = "acme/tiny-gpt") -> Repository:
    """Return a model with a byte-level BPE: 500 ids, END as BOS and EOS."""
    return Repository(repo_id, _bpe_files(), kind="model")


def with_start() -> Repository:
    """Return the model `acme/tiny-start`: the BPE of `bpe` with `<s>` (id 500) put before every text.

    Its settings say `add_bos_token: false`, which the tokenizer's own file overrides: the truth is in what it encodes.
    """
    tokenizer = Tokenizer.from_str(bpe_json())
    tokenizer.add_special_tokens([START])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", pair=f"{START} $A {START} $B:1", special_tokens=[(START, VOCABULARY)]
    )
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": START,
        "eos_token": END,
        "add_bos_token": False,
        "model_max_length": CONTEXT,
    }
    config = {"model_type": "llama", "vocab_size": VOCABULARY + 1, "bos_token_id": VOCABULARY, "eos_token_id": 0}
    files: Files = {
        "README.md": MODEL_CARD,
        "config.json": json.dumps(config),
        "tokenizer.json": tokenizer.to_str(),
        "tokenizer_config.json": json.dumps(settings),
    }
    return Repository("acme/tiny-start", files, kind="model")


def wordpiece() -> Repository:
    """Return the model `acme/tiny-bert`: WordPiece with [CLS] and [SEP]."""
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": CONTEXT,
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "mask_token": "[MASK]",
    }
    whole = wordpiece_json()
    vocabulary = json.loads(whole)["model"]["vocab"]
    config = {"model_type": "bert", "vocab_size": len(vocabulary), "max_position_embeddings": CONTEXT}
    files: Files = {
        "README.md": MODEL_CARD,
        "config.json": json.dumps(config),
        "tokenizer.json": whole,
        "tokenizer_config.json": json.dumps(settings),
        "vocab.txt": "\n".join(sorted(vocabulary, key=vocabulary.__getitem__)) + "\n",
    }
    return Repository("acme/tiny-bert", files, kind="model")


def gated_bpe() -> Repository:
    """Return the model `acme/gated-gpt`: the BPE of `bpe` behind a gate that `researcher` has passed."""
    return Repository("acme/gated-gpt", _bpe_files(), kind="model", gated="manual", members=("researcher",))


def without_tokenizer() -> Repository:
    """Return the model `acme/weights-only`: a configuration and weights, no tokenizer."""
    files: Files = {
        "README.md": MODEL_CARD,
        "config.json": json.dumps({"model_type": "resnet"}),
        "pytorch_model.bin": b"\0" * 256,
    }
    return Repository("acme/weights-only", files, kind="model")


REMOTE_CODE = 'raise SystemExit("code from a repository was run")\n'


def remote_code() -> Repository:
    """Return the model `acme/remote-code`: its tokenizer is code in the repository, which must never be run."""
    settings = {
        "tokenizer_class": "OwnTokenizer",
        "auto_map": {"AutoTokenizer": ["tokenization_own.OwnTokenizer", None]},
    }
    config = {"model_type": "own", "auto_map": {"AutoConfig": "tokenization_own.OwnConfig"}}
    files: Files = {
        "README.md": MODEL_CARD,
        "config.json": json.dumps(config),
        "tokenizer_config.json": json.dumps(settings),
        "tokenization_own.py": REMOTE_CODE,
    }
    return Repository("acme/remote-code", files, kind="model")
