"""Deciding what a download reads: a pinned commit, and the files of each split as the `datasets` builder has them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, cast

from mistudio_core.errors import StudioError
from mistudio_core.files import checked_split
from mistudio_core.sources import failures, parquet_branch
from mistudio_core.sources.card import read_card, written_settings
from mistudio_core.sources.client import Hub, HubFile
from mistudio_core.sources.plan import MODULES, Plan, SourceFile
from mistudio_core.sources.retry import Retry

_ATTEMPTS: Final = 3
"""`datasets` does not try again where it should, and says something else than what happened."""
_MOST_ATTEMPTS: Final = 60
"""With a Hub that asks for short waits again and again."""
_NOT_OPTIONS: Final = frozenset({"name", "version", "data_dir", "data_files", "description", "features", "batch_size"})


def resolve(hub: Hub, repo_id: str, *, revision: str | None, config: str | None, splits: Sequence[str] | None) -> Plan:
    """Return the plan of a download; `splits` None means all of them.

    Raises the errors of looking, and `gated`, `split_not_found` and `config_not_found`. HF_HOME has to be a folder of
    the job's own: `datasets` silently uses what it finds in a cache.
    """
    info = hub.info(repo_id, revision)
    name, sha = str(info["id"]), str(info["sha"])
    if info.get("gated"):
        hub.check_access(name)
    tree = {file.path: file for file in hub.tree(name, sha)}
    _refuse_foreign_paths(name, info.get("cardData"))
    builder = _builder(hub, name, sha, config)
    data_files = {str(split): [str(url) for url in urls] for split, urls in builder.config.data_files.items()}
    module, options = _reader(name, builder, info.get("cardData"))
    if module not in MODULES:
        raise StudioError(
            "no_data",
            f"{name} has data in the format {module!r} only, not as Parquet, Arrow, JSON, CSV or text.",
            failures.PARQUET_BRANCH,
        )
    chosen = _chosen(name, list(data_files), splits)
    root = f"hf://datasets/{name}@{sha}/"
    return Plan(
        module=module,
        options=options,
        features=None if builder.info.features is None else builder.info.features.to_dict(),
        splits=tuple(chosen),
        files=tuple(file for split in chosen for file in _files(name, split, data_files[split], root, tree)),
        repo_id=name,
        revision=sha,
        config=builder.config.name,
        access=_access(info),
    )


def resolve_parquet_branch(
    hub: Hub, repo_id: str, *, revision: str | None, config: str | None, splits: Sequence[str] | None
) -> Plan:
    """Return the plan of a download from the Hub's own copy in Parquet, at a commit of that branch; see `resolve`."""
    info = hub.info(repo_id, revision)
    name, sha = str(info["id"]), str(info["sha"])
    if info.get("gated"):
        hub.check_access(name)
    tree = {file.path: file for file in hub.tree(name, sha)}
    configs = parquet_branch.configs_of(tree)
    chosen_config = parquet_branch.chosen_config(name, configs, config)
    there = configs[chosen_config]
    chosen = _chosen(name, list(there), splits)
    return Plan(
        module="parquet",
        options={},
        features=None,
        splits=tuple(chosen),
        files=tuple(file for split in chosen for file in _files(name, split, there[split], "", tree)),
        repo_id=name,
        revision=sha,
        config=chosen_config,
        access=_access(info),
    )


def _access(info: Mapping[str, Any]) -> str:
    return "private" if info.get("private") else "gated" if info.get("gated") else "public"


def _builder(hub: Hub, repo_id: str, sha: str, config: str | None) -> Any:
    """Ask `datasets`, pinned to the commit, which files there are and how to read them."""
    from datasets import load_dataset_builder

    retry = hub.retry()
    for attempt in range(_MOST_ATTEMPTS):
        try:
            builder = load_dataset_builder(
                f"hf://datasets/{repo_id}", config, revision=sha, token=hub.hf_token or False
            )
        except Exception as error:
            failure = failures.hub_failure(error, repo_id, hf_token_given=hub.hf_token is not None)
            if failure.code == "internal" and isinstance(error, (ValueError, TypeError, KeyError, AttributeError)):
                failure = _misread(repo_id, error)
            if not _waited(retry, error, failure, attempt):
                raise failure from error
        else:
            if builder.hash == sha:
                return builder
            break
    raise StudioError("internal", f"{repo_id} changed while it was resolved: expected commit {sha}.", "Try again.")


def _waited(retry: Retry, error: Exception, failure: StudioError, attempt: int) -> bool:
    """Wait as for any other request where the failure may pass; tell whether to try again."""
    if failure.code not in {"hub_unreachable", "rate_limited"} or attempt == _MOST_ATTEMPTS - 1:
        return False
    refused = next((link for link in failures.chained(error) if getattr(link, "response", None) is not None), None)
    if refused is None:  # `datasets` has waited half a minute for the network by itself
        return attempt < _ATTEMPTS - 1
    try:
        retry.after(cast("Exception", refused))
    except Exception:  # noqa: BLE001 - what the failure says already
        return False
    return True


def _misread(repo_id: str, error: Exception) -> StudioError:
    """Return the error for a card or file names that `datasets` does not accept, with what it says of them."""
    message = re.sub(r"\S+://\S+", "", next(iter(str(error).strip().splitlines()), ""))[:200].rstrip(".")
    return StudioError(
        "corrupt_data",
        f"The dataset card or the file names of {repo_id} are invalid: {message or type(error).__name__}.",
        failures.PARQUET_BRANCH,
    )


def _refuse_foreign_paths(repo_id: str, card: Any) -> None:
    """Refuse a card whose files lie outside of its repository, before anything looks for them there."""
    for config in read_card(card):
        for path in [config.data_dir, *(glob for globs in (config.patterns or {}).values() for glob in globs)]:
            if "://" in path or "::" in path or path.startswith(("/", "~")) or ".." in path.split("/"):
                raise _foreign(repo_id, path)


def _foreign(repo_id: str, path: str) -> StudioError:
    return StudioError(
        "no_data",
        f"The dataset card of {repo_id} points to files outside the repository: {path[:100]!r}.",
        "Such files are never read. Choose another config or another dataset.",
    )


def _chosen(repo_id: str, there: Sequence[str], asked: Sequence[str] | None) -> list[str]:
    if not there:
        raise failures.no_data(repo_id)
    missing = [split for split in asked or () if split not in there]
    if missing:
        raise StudioError(
            "split_not_found",
            f"{repo_id} has no split {', '.join(missing)[:100]!r}.",
            f"Choose one of: {', '.join(there)}.",
        )
    return [checked_split(split) for split in there if not asked or split in asked]


def _files(repo_id: str, split: str, urls: Sequence[str], root: str, tree: Mapping[str, HubFile]) -> list[SourceFile]:
    files = []
    for index, url in enumerate(urls):
        path = url.removeprefix(root)
        if (root and path == url) or path not in tree:
            raise _foreign(repo_id, url)
        known = tree[path]
        files.append(SourceFile(split, index, path, known.size, known.sha256, known.sha1))
    return files


def _reader(repo_id: str, builder: Any, card: Any) -> tuple[str, dict[str, Any]]:
    """Return the reader for the files of the configuration, and its settings.

    `datasets` takes the reader of the first configuration for all of them; so it is derived from the files again.
    """
    from datasets.load import import_main_class, infer_module_for_data_files
    from datasets.packaged_modules import _PACKAGED_DATASETS_MODULES

    module, settings = infer_module_for_data_files(builder.config.data_files)
    if module == builder.name or module not in MODULES:
        changed = {field.name: getattr(builder.config, field.name) for field in fields(builder.config)}
        usual = {field.name: field.default for field in fields(builder.config)}
        return builder.name, _plain(repo_id, {name: value for name, value in changed.items() if value != usual[name]})
    reader: Any = import_main_class(_PACKAGED_DATASETS_MODULES[module][0])
    known = {field.name for field in fields(reader.BUILDER_CONFIG_CLASS)}
    written = written_settings(card, builder.config.name)
    return module, _plain(repo_id, settings | {name: value for name, value in written.items() if name in known})


def _plain(repo_id: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a reader that a plan can hold."""
    known = {name: value for name, value in options.items() if name not in _NOT_OPTIONS}
    try:
        return dict(json.loads(json.dumps(known)))
    except (TypeError, ValueError) as error:
        raise StudioError(
            "corrupt_data",
            f"The dataset card of {repo_id} has unsupported reader settings.",
            "Choose another config or another dataset.",
        ) from error
