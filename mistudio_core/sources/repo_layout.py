"""Which files of a repository belong to which split of which config, by its card, its branch or the files' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mistudio_core.sources import failures, parquet_branch
from mistudio_core.sources.card import CardConfig, read_card
from mistudio_core.sources.split_files import files_of_splits, is_data


@dataclass(frozen=True, slots=True)
class Layout:
    """The configs of a repository, and for each of them the paths of each split; `origin` says by what.

    `is_copy` tells that it is that of the branch of Parquet copies.
    """

    configs: Sequence[CardConfig]
    splits: Mapping[str, Mapping[str, Sequence[str]]]
    origin: str
    is_copy: bool = False

    def chosen(self, config: str | None, repo_id: str) -> CardConfig:
        """Return the config of this name, else the default one, else the first; or raise `config_not_found`."""
        if config is None:
            return next((one for one in self.configs if one.default), self.configs[0])
        for one in self.configs:
            if one.name == config:
                return one
        raise failures.config_not_found(repo_id, config, [one.name for one in self.configs])


def layout(paths: Sequence[str], card: Any, *, is_parquet_branch: bool) -> Layout:
    """Return the layout of a commit with these files and this card; the branch of Parquet copies has its own."""
    copies = parquet_branch.configs_of(paths) if is_parquet_branch else {}
    if copies:
        configs = [CardConfig(name, parquet_branch.is_default(name, copies)) for name in copies]
        return Layout(configs, copies, parquet_branch.ORIGIN, is_copy=True)
    declared = read_card(card)
    origin = "dataset card" if any(one.patterns for one in declared) else "file names"
    return Layout(
        declared, {one.name: files_of_splits(list(paths), one.patterns, one.data_dir) for one in declared}, origin
    )


def refuse_unreadable(repo_id: str, paths: Sequence[str]) -> None:
    """Raise `script_unsupported` or `no_data` for a repository that no reader takes."""
    if f"{repo_id.rpartition('/')[2]}.py" in paths:
        raise failures.script_unsupported(repo_id)
    if not any(is_data(path) for path in paths):
        raise failures.no_data(repo_id)
