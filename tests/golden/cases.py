"""What the golden rows are made of: one case per line, with the words of the peer and those of our recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """`options` are the peer's own, `recipe` the fields that say the same to us."""

    peer: str
    documents: str
    tokenizer: str
    context: int
    num_proc: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A name that stays when cases are added."""
        chosen = "".join(f"-{key}={value}" for key, value in sorted(self.options.items()))
        return f"{self.peer}-{self.documents}-{self.tokenizer}-{self.context}-proc{self.num_proc}{chosen}"


def _transformer_lens() -> list[Case]:
    peer, no_bos = "transformer_lens", ({"add_bos_token": False}, {"bos": "never"})
    return [
        Case(peer, "short_2049", "plain", 64),
        Case(peer, "short_3001", "plain", 32, 3),
        Case(peer, "long_5000", "plain", 64, 3),
        Case(peer, "long_5000", "own", 128),
        Case(peer, "short_2049", "own", 8192),  # every batch is shorter than a row and padded
        Case(peer, "last_alone_2049", "plain", 32),  # the last batch is padded with EOS
        Case(peer, "short_3001", "metaspace", 33, 3, *no_bos),
        Case(peer, "long_5000", "metaspace", 64, 3),
        Case(peer, "long_5000", "both", 96),
        Case(peer, "few_7", "metaspace", 16, 10),  # more processes than documents
    ]


def _sparsify() -> list[Case]:
    peer = "sparsify"
    return [
        Case(peer, "short_2049", "plain", 64),
        Case(peer, "short_3001", "plain", 32, 3),
        Case(peer, "long_5000", "plain", 64, 3),
        Case(peer, "long_5000", "own", 128),
        Case(peer, "short_3001", "own", 33, 3),
        Case(peer, "short_2049", "metaspace", 64),
        Case(peer, "long_5000", "metaspace", 64, 3),
        Case(peer, "long_5000", "both", 96),  # cut to the 80 tokens that this tokenizer allows
        Case(peer, "few_7", "metaspace", 8),
    ]


def _saelens() -> list[Case]:
    peer = "saelens"
    eos = ({"sequence_separator_token": "eos"}, {"separator": "eos"})
    none = ({"sequence_separator_token": None}, {"separator": "none"})
    each = (
        {"begin_sequence_token": "bos", "sequence_separator_token": "eos"},
        {"bos": "document", "separator": "eos"},
    )
    bare = ({"begin_batch_token": None, "sequence_separator_token": None}, {"bos": "never", "separator": "none"})
    shuffled = ({"shuffle": True, "seed": 7}, {"shuffle_seed": 7})
    batch = ({"pretokenize_batch_size": 128}, {"batch_rows": 128})
    alone = {"disable_concat_sequences": True}, {"concatenate": False}
    alone_bare = alone[0] | {"begin_batch_token": None}, alone[1] | {"begin_batch_token": "none"}
    alone_eos = alone[0] | {"begin_sequence_token": "eos"}, alone[1] | {"begin_sequence_token": "eos"}
    others = (
        {"begin_batch_token": "eos", "begin_sequence_token": 2, "sequence_separator_token": 11},
        {"begin_batch_token": "eos", "begin_sequence_token": 2, "separator": 11},
    )
    sequence = (
        {"begin_batch_token": None, "begin_sequence_token": "bos", "sequence_separator_token": "eos"},
        {"begin_batch_token": "none", "begin_sequence_token": "bos", "separator": "eos"},
    )
    sep = (
        {"begin_batch_token": "sep", "sequence_separator_token": "sep"},
        {"begin_batch_token": "sep", "separator": "sep"},
    )
    return [
        Case(peer, "short_2049", "plain", 64),
        Case(peer, "short_3001", "plain", 32, 3),
        Case(peer, "long_5000", "plain", 64, 3),
        Case(peer, "long_5000", "own", 128),
        Case(peer, "long_5000", "plain", 64, 3, *alone),
        Case(peer, "long_5000", "own", 128, 1, *alone),
        Case(peer, "short_3001", "metaspace", 16, 1, *alone),
        Case(peer, "short_3001", "both", 8, 1, *alone_bare),
        Case(peer, "short_2049", "own", 2, 1, *alone),
        Case(peer, "short_3001", "own", 12, 3, *alone_eos),
        Case(peer, "long_5000", "own", 96, 3, *others),
        Case(peer, "short_3001", "own", 5, 1, *others),
        Case(peer, "short_2049", "metaspace", 40, 1, *sequence),
        Case(peer, "short_3001", "own", 24, 1, *sep),
        Case(peer, "short_3001", "own", 33, 3, *eos),
        Case(peer, "short_2049", "own", 64, 1, *batch),
        Case(peer, "short_3001", "own", 17, 3, *each),
        Case(peer, "short_2049", "own", 2, 1, *each),  # rows so short that prefixes are cut
        Case(peer, "short_2049", "metaspace", 64, 1, *none),
        Case(peer, "long_5000", "metaspace", 64, 3),
        Case(peer, "long_5000", "both", 96, 1, *eos),
        Case(peer, "short_3001", "plain", 48, 1, *bare),
        Case(peer, "short_3001", "metaspace", 48, 3, *bare),
        Case(peer, "short_3001", "own", 64, 3, *shuffled),
        Case(peer, "few_7", "metaspace", 8, 1),
    ]


CASES = [*_saelens(), *_transformer_lens(), *_sparsify()]
