"""Looking at a dataset repository: what the Hub knows of it, answered at once and without `datasets`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.files import free_bytes
from mistudio_core.records import ConfigInfo, ErrorInfo, RepoInfo, SplitInfo, parse_time
from mistudio_core.sources import failures, parquet_branch
from mistudio_core.sources.card import CardConfig, licence
from mistudio_core.sources.client import Hub, HubFile
from mistudio_core.sources.endpoint import endpoint
from mistudio_core.sources.footers import Footer, read_footer
from mistudio_core.sources.repo_ids import checked_revision, clean_hf_token, parse_repo_id
from mistudio_core.sources.repo_layout import layout, refuse_unreadable

__all__ = ["look", "parse_repo_id"]

INSPECT_SECONDS: Final = 10.0
"""People wait for this answer; after it the Hub counts as unreachable."""
FOOTERS_COUNTED: Final = 8
"""Up to this many Parquet files are asked for their number of rows; more would not be answered at once."""


def look(
    repo_id: str,
    *,
    revision: str | None = None,
    config: str | None = None,
    hf_token: str | None = None,
    home: Path,
) -> RepoInfo:
    """Return what the Hub knows of a dataset, within 10 seconds; fields that it does not know are None.

    `repo_id` may be an address; `config` chooses the configuration whose columns and bytes are reported (else the
    default one, else the first); `home` is where the disk is measured. Raises `repo_not_found`,
    `revision_not_found`, `config_not_found`, `token_rejected`, `repo_disabled`, `script_unsupported`, `no_data`,
    `hub_unreachable`, `rate_limited` or `invalid_request`. A gated repository is described even to who may not read
    it: `refusal` says why this token may not.
    """
    name, pasted = parse_repo_id(repo_id)
    wanted = checked_revision(revision) if revision else pasted
    hub = Hub(clean_hf_token(hf_token), attempts=2, deadline=time.monotonic() + INSPECT_SECONDS)
    try:
        return _inspect(hub, name, wanted, config, home)
    except StudioError:
        raise
    except Exception as error:
        raise failures.hub_failure(error, name, hf_token_given=hub.hf_token is not None, revision=wanted) from error


@dataclass(slots=True)
class _Seen:
    """The responses that a description is built from."""

    hub: Hub
    repo_id: str
    sha: str
    files: Mapping[str, HubFile]
    origins: dict[str, str] = field(default_factory=dict)

    def footers(self, paths: Sequence[str]) -> list[Footer | None]:
        """Read several Parquet footers at a time; None for one that cannot be read."""
        with ThreadPoolExecutor(FOOTERS_COUNTED) as pool:
            return list(pool.map(self._footer, paths))

    def _footer(self, path: str) -> Footer | None:
        url = self.hub.file_url(self.repo_id, self.sha, path)
        return read_footer(self.hub, url, self.files[path].size)


def _inspect(hub: Hub, repo_id: str, revision: str | None, config: str | None, home: Path) -> RepoInfo:
    info = hub.info(repo_id, revision)
    files = {file.path: file for file in hub.tree(info["id"], info["sha"])}
    seen = _Seen(hub, info["id"], info["sha"], files)
    refuse_unreadable(info["id"], list(files))
    found = layout(list(files), info.get("cardData"), is_parquet_branch=revision in parquet_branch.NAMES)
    seen.origins["configs"] = found.origin
    chosen, splits = found.chosen(config, info["id"]), found.splits
    chosen_files = [path for paths in splits[chosen.name].values() for path in paths]
    if not chosen_files:
        raise failures.no_data(info["id"])
    refusal = _refusal(hub, info)
    seen.origins["gated"] = "the Hub" if refusal is None else f"the Hub: {refusal.message} {refusal.hint}"
    columns, counts = _columns_and_counts(seen, chosen, splits[chosen.name], readable=refusal is None)
    return RepoInfo(
        repo_id=info["id"],
        revision=info["sha"],
        private=bool(info.get("private")),
        gated=bool(info.get("gated")),
        licence=licence(info.get("cardData")),
        last_modified=parse_time(info["lastModified"]) if info.get("lastModified") else None,
        downloads=info.get("downloads"),
        likes=info.get("likes"),
        configs=tuple(
            _config_info(one, splits[one.name], counts if one is chosen else one.num_samples, files)
            for one in found.configs
        ),
        columns=columns,
        download_bytes=sum(files[path].size for path in dict.fromkeys(chosen_files)),
        free_bytes=free_bytes(home),
        origins=seen.origins,
        refusal=None if refusal is None else ErrorInfo.of(refusal),
        parquet_branch=found.is_copy,
        url=f"{endpoint()}/datasets/{info['id']}",
    )


def _refusal(hub: Hub, info: Mapping[str, Any]) -> StudioError | None:
    """Return why a gate is closed to this token, None for an open one; all else of a gated repository is public."""
    if not info.get("gated"):
        return None
    try:
        hub.check_access(info["id"])
    except Exception as error:
        failure = failures.hub_failure(error, info["id"], hf_token_given=hub.hf_token is not None)
        if failure.code != "gated":
            raise
        return failure
    return None


def _columns_and_counts(
    seen: _Seen, config: CardConfig, splits: Mapping[str, Sequence[str]], *, readable: bool
) -> tuple[Mapping[str, str] | None, Mapping[str, int]]:
    """Return columns and samples per split, from the card where it declares them, else from Parquet footers."""
    paths = list(dict.fromkeys(path for files in splits.values() for path in files))
    parquet = [path for path in paths if path.endswith(".parquet")]
    counts = {name: count for name, count in config.num_samples.items() if name in splits}
    if counts:
        seen.origins["num_samples"] = "dataset card"
    countable = not counts and len(paths) <= FOOTERS_COUNTED and paths == parquet
    if config.columns is not None:
        seen.origins["columns"] = "dataset card"
    if not readable or not parquet or (config.columns is not None and not countable):
        return config.columns, counts
    read = seen.footers(parquet if countable else parquet[:1])
    footers = {path: footer for path, footer in zip(parquet, read, strict=False) if footer is not None}
    if countable and len(footers) == len(parquet):
        counts = {name: sum(footers[path].num_rows for path in files) for name, files in splits.items()}
        seen.origins["num_samples"] = "Parquet footers"
    first = next(iter(footers), None)
    if config.columns is not None or first is None:
        return config.columns, counts
    seen.origins["columns"] = f"footer of {first}"
    return footers[first].columns, counts


def _config_info(
    config: CardConfig, splits: Mapping[str, Sequence[str]], counts: Mapping[str, int], files: Mapping[str, HubFile]
) -> ConfigInfo:
    return ConfigInfo(
        config.name,
        config.default,
        tuple(
            SplitInfo(name, counts.get(name), sum(files[path].size for path in paths)) for name, paths in splits.items()
        ),
    )
