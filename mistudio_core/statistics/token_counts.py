"""The numbers of a tokenization's statistics, which can be merged and stored: what is counted, and nothing of how."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mistudio_core.errors import StudioError
from mistudio_core.files import write_bytes
from mistudio_core.statistics.distributions import IntegerDistribution
from mistudio_core.statistics.frequencies import Frequencies
from mistudio_core.statistics.histograms import LOG_STARTS

TOTALS: Final = (
    "documents",
    "tokens",
    "bytes",
    "characters",
    "words",
    "sequences",
    "tokens_in_sequences",
    "sequence_slots",
)
LOSSES: Final = ("truncation", "remainder", "token_limit", "filtered")
_BY_LENGTH: Final = 3  # the first three of TOTALS are known for each document

Integers = npt.NDArray[np.integer]


class TokenCounts:
    """What is counted of a tokenization. Every number is exact and none depends on the order of the data."""

    def __init__(self, vocab_size: int, *, special_ids: Sequence[int] = (), context_length: int | None = None) -> None:
        """Take the vocabulary's size with added tokens, its special ids, and the context length if there is one."""
        self.vocab_size = vocab_size
        self.special_ids = tuple(sorted(set(special_ids)))
        self.context_length = context_length
        self.frequencies: Frequencies = np.zeros(vocab_size, np.int64)
        self.document_tokens = IntegerDistribution()
        self.tokens_per_sequence = IntegerDistribution()
        self.sequence_documents = IntegerDistribution()
        self.splits: dict[str, Integers] = {}
        self.by_length = np.zeros((len(LOG_STARTS), _BY_LENGTH), np.int64)
        self.lost = np.zeros((len(LOSSES), 2), np.int64)
        self.own = np.zeros(2, np.int64)
        self.control_documents = 0
        self.control_counts: Frequencies = np.zeros(vocab_size, np.int64)

    def merge(self, other: Self) -> None:
        """Take in another shard of the same tokenization."""
        if self._settings() != other._settings():
            raise ValueError("these statistics are of different tokenizations")
        self.frequencies += other.frequencies
        self.document_tokens.merge(other.document_tokens)
        self.tokens_per_sequence.merge(other.tokens_per_sequence)
        self.sequence_documents.merge(other.sequence_documents)
        for split, totals in other.splits.items():
            self._totals(split)[:] += totals
        self.by_length += other.by_length
        self.lost += other.lost
        self.own += other.own
        self.control_documents += other.control_documents
        self.control_counts += other.control_counts

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return everything as arrays by name; `restored` gives it back."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "made_of": np.array([json.dumps(self._settings())]),
            "frequencies": self.frequencies,
            "splits": np.array(list(self.splits), dtype=np.str_),
            "totals": np.array([self.splits[split] for split in self.splits], np.int64).reshape(-1, len(TOTALS)),
            "by_length": self.by_length,
            "lost": self.lost,
            "own": self.own,
            "control_documents": np.array([self.control_documents]),
            "control_counts": self.control_counts,
        }
        for name in ("document_tokens", "tokens_per_sequence", "sequence_documents"):
            arrays |= {f"{name}.{key}": value for key, value in getattr(self, name).arrays().items()}
        return arrays

    def save(self, path: Path, *, durable: bool = False) -> None:
        """Write everything to an .npz in one step; `load` gives it back."""
        buffer = io.BytesIO()
        np.savez(buffer, **self.arrays())  # type: ignore[arg-type]
        write_bytes(path, buffer.getvalue(), durable=durable)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises `corrupt_data`, naming the file, when it is something else."""
        try:
            # From bytes: of a damaged archive NumPy leaves the file open.
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                return cls.restored(dict(arrays))
        except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise StudioError("corrupt_data", f"{path} is damaged: it does not hold token statistics.") from None

    @classmethod
    def restored(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Return what `arrays` gave."""
        vocab_size, special_ids, context_length = json.loads(str(arrays["made_of"][0]))
        made = cls(vocab_size, special_ids=special_ids, context_length=context_length)
        made.splits = dict(zip(arrays["splits"].tolist(), arrays["totals"], strict=True))
        # Files of the first version have no "own".
        for name in ("frequencies", "by_length", "lost", "control_counts", *(["own"] if "own" in arrays else [])):
            if arrays[name].shape != getattr(made, name).shape:
                raise ValueError(name)
            setattr(made, name, arrays[name])
        made.control_documents = int(arrays["control_documents"][0])
        for name in ("document_tokens", "tokens_per_sequence", "sequence_documents"):
            parts = {key: arrays[f"{name}.{key}"] for key in ("values", "counts", "ends", "facts")}
            setattr(made, name, IntegerDistribution.restore(parts))
        return made

    def _settings(self) -> list[Any]:
        return [self.vocab_size, list(self.special_ids), self.context_length]

    def _totals(self, split: str) -> Integers:
        return self.splits.setdefault(split, np.zeros(len(TOTALS), np.int64))
