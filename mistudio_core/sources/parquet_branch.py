"""The branch on which the Hub keeps a copy of a dataset in Parquet: `config/split/0000.parquet`, and no card.

A split of which the Hub converted only the first gigabytes lies in `config/partial-split`, and keeps that name here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mistudio_core.files import SPLIT_PATTERN
from mistudio_core.sources import failures
from mistudio_core.sources.split_files import usual_order

NAMES: Final = frozenset({"refs/convert/parquet"})
ORIGIN: Final = "the folders of the Parquet branch; a split named partial-... holds the first part of its samples"
_FILE: Final = re.compile(r"(?P<config>[^/]+)/(?P<split>[^/]+)/\d{4,}\.parquet")

Configs = Mapping[str, Mapping[str, Sequence[str]]]


def configs_of(paths: Iterable[str]) -> Configs:
    """Return the files of each split of each configuration, in order; empty where the branch is laid out otherwise."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(paths):
        match = _FILE.fullmatch(path)
        if match is not None and SPLIT_PATTERN.fullmatch(match["split"]):
            found.setdefault(match["config"], {}).setdefault(match["split"], []).append(path)
    return {config: {split: splits[split] for split in usual_order(splits)} for config, splits in found.items()}


def is_default(config: str, configs: Configs) -> bool:
    """Tell whether a configuration is taken where none is chosen: the only one, or the one of that name."""
    return len(configs) == 1 or config == "default"


def chosen_config(repo_id: str, configs: Configs, asked: str | None) -> str:
    """Return the configuration to read; raise `config_not_found` where it is not there or has to be chosen."""
    known = [config for config in configs if (is_default(config, configs) if asked is None else config == asked)]
    if not known:
        raise failures.config_not_found(repo_id, asked, list(configs))
    return known[0]
