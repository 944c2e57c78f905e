"""Chance in a tokenizer: some models can be told to split the same text differently each time."""

from __future__ import annotations

from typing import Final

from tokenizers import Tokenizer

_SAMPLING: Final = {"dropout": "BPE dropout", "alpha": "Unigram sampling", "nbest_size": "Unigram sampling"}
"""The settings of a model by which it draws lots, and what that is called. Normalizers and the rest have none."""


def switch_off(tokenizer: Tokenizer) -> str | None:
    """Make a tokenizer give the same ids each time; return a sentence on what was switched off, None for nothing."""
    found = None
    for setting, kind in _SAMPLING.items():
        value = getattr(tokenizer.model, setting, None)
        if value is None:
            continue
        setattr(tokenizer.model, setting, None)
        if value:  # a dropout of 0 draws no lots
            found = (
                f"The tokenizer asks for {kind} ({setting} {value:g}), by which the same text gives other ids each "
                "time. It is switched off: equal recipes give equal sequences."
            )
    return found
