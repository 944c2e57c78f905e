"""New datasets and tokenizations: the request is checked, the record drafted, the job started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError, TokenizerNotFound, in_use, invalid
from mistudio_core.files import checked_split, new_id
from mistudio_core.jobs.kinds import ON_CLUSTER, source_of
from mistudio_core.library import uploads
from mistudio_core.library.access import choose_hf_token
from mistudio_core.library.context import Context
from mistudio_core.library.looks import ask
from mistudio_core.library.start import start
from mistudio_core.library.start_once import start_once
from mistudio_core.library.stored_tokenizers import tokenizer_for
from mistudio_core.records import (
    Access,
    ConfigInfo,
    Dataset,
    RepoInfo,
    Tokenization,
    now,
)
from mistudio_core.sources.import_options import ImportOptions

_MAX_SAMPLE_STORIES: Final = 200_000


def check_max_samples(max_samples: int | None) -> None:
    """Raise `invalid_request` for a limit that would give no samples."""
    if max_samples is not None and (isinstance(max_samples, bool) or max_samples < 1):
        raise invalid(f"max samples is {max_samples}.", "Give 1 or more, or leave it out for all samples.")


def download(
    context: Context,
    info: RepoInfo,
    *,
    config: str | None,
    splits: Sequence[str] | None,
    max_samples: int | None,
    name: str | None,
    hf_token: str | None,
    options: ImportOptions | None,
) -> Dataset:
    """Start the download of what `info` describes; return the dataset as it is then."""
    access: Access = "private" if info.private else "gated" if info.gated else "public"
    context.actor.must_fetch(access)
    if info.refusal is not None:
        raise info.refusal.exception()
    chosen = _config(info, config)
    config_name = config if chosen is None else chosen.name
    arguments: dict[str, Any] = {
        "repo_id": info.repo_id,
        "revision": info.revision,
        "config": config_name,
        "splits": _splits(info, chosen, splits),
        "max_samples": max_samples,
    }
    if info.parquet_branch:
        arguments["parquet_branch"] = True
    if options is not None and (chosen_options := options.of_download()):
        arguments["options"] = chosen_options
    if max_samples is None:
        _check_disk(context, info, arguments["splits"], chosen)
    dataset = replace(
        draft(context, "download", name or info.repo_id.rsplit("/", 1)[-1]),
        repo_id=info.repo_id,
        revision=info.revision,
        config=config_name,
        status="downloading",
        access=access,
        max_samples=max_samples,
    )
    secret = choose_hf_token(context.settings, hf_token) if hf_token or access != "public" else None
    return start_once(context, "download", dataset, arguments, secret)


def import_files(
    context: Context,
    paths: Sequence[Path],
    *,
    file_format: str | None,
    options: ImportOptions | None,
    name: str | None,
    public: bool,
) -> Dataset:
    """Start the import of local files; return the dataset as it is then."""
    paths = local_paths(context, paths)
    arguments = import_arguments(paths, file_format, options)
    dataset = draft(context, "import", name or paths[0].name.split(".")[0] or "import")
    dataset = replace(dataset, access="public" if public or not context.actor.shared else "private")
    start(context, "import", dataset, arguments)
    return dataset


def import_arguments(paths: Sequence[Path], file_format: str | None, options: ImportOptions | None) -> dict[str, Any]:
    """Return what a worker needs to read local files, once they have passed the first look; options only if any."""
    from mistudio_core.sources.local import check_paths

    check_paths(paths, file_format, options)
    chosen = {} if options is None else options.to_json()
    arguments: dict[str, Any] = {"paths": [str(path) for path in paths], "format": file_format}
    return arguments | ({"options": chosen} if chosen else {})


def local_paths(context: Context, paths: Sequence[Path]) -> list[Path]:
    """Return paths in full; where strangers share the library, only what they uploaded may be named."""
    paths = [path.expanduser().resolve() for path in paths]
    if not all(uploads.is_own(context, path) for path in paths):
        context.actor.must_be_at_home("A path")
    return paths


def make_example(context: Context, num_samples: int) -> Dataset:
    """Start the built-in example dataset; return the dataset as it is then."""
    if not 1 <= num_samples <= _MAX_SAMPLE_STORIES:
        raise invalid(f"samples is {num_samples:,}.", f"Choose from 1 to {_MAX_SAMPLE_STORIES:,}.")
    dataset = draft(context, "example", "Example stories")
    return start_once(context, "example", dataset, {"num_samples": num_samples}, None)


def tokenize(
    context: Context, dataset: Dataset, fields: Mapping[str, Any], hf_token: str | None, *, on_cluster: bool
) -> Tokenization:
    """Start a tokenization; return it as it is then."""
    from mistudio_core.tokenization.recipes.recipe import Recipe

    if on_cluster:
        context.actor.must_be_at_home("A cluster")
        if not context.settings.cluster:
            raise invalid("No cluster is named.", "Set MISTUDIO_CLUSTER, for example to slurm.")
    if dataset.status != "ready":
        raise in_use(f"{dataset.name} is not ready.", "Wait for its job, or resume it.", dataset.id)
    recipe = Recipe.from_fields(fields).resolved(
        splits=dataset.splits, columns=dataset.columns, text_columns=dataset.text_columns
    )
    is_path = recipe.tokenizer.startswith(("/", "./", "../", "~"))
    if is_path:
        context.actor.must_be_at_home("A path")
        recipe = replace(recipe, tokenizer=str(Path(recipe.tokenizer).expanduser().resolve()))
    context.actor.must_need_no_token(hf_token)
    if recipe.chat is not None:
        with suppress(TokenizerNotFound):  # then the worker does so, once it has loaded it
            kept = tokenizer_for(context, recipe)
            day = ask(kept, "chat_date", recipe=recipe.to_json(), today=date.today().isoformat())
            recipe = replace(recipe, chat_date=day)
    on_hub = not is_path and recipe.tokenizer != "sample"
    moment = now()
    tokenization = Tokenization(
        id=new_id("tok"),
        dataset_id=dataset.id,
        tokenizer=recipe.tokenizer,
        tokenizer_revision=None,
        vocab_size=None,
        recipe=recipe,
        context_length=recipe.context_length,
        engine=None,
        status="queued",
        error=None,
        num_sequences=0,
        num_tokens=0,
        num_documents=0,
        size_bytes=0,
        path=None,
        created_at=moment,
        updated_at=moment,
        owner=context.actor.name,
    )
    arguments = {"dataset_id": dataset.id, "recipe": recipe.to_json()} | ({ON_CLUSTER: True} if on_cluster else {})
    secret = choose_hf_token(context.settings, hf_token) if on_hub else None
    return start_once(context, "tokenize", tokenization, arguments, secret)


def draft(context: Context, kind: str, name: str) -> Dataset:
    """Return the record of a new dataset that a job of this kind is to make."""
    moment = now()
    return Dataset(
        id=new_id("ds"),
        name=name,
        source=source_of(kind),
        repo_id=None,
        revision=None,
        config=None,
        splits={},
        num_samples=0,
        size_bytes=0,
        status="processing",
        error=None,
        columns={},
        text_columns=(),
        path=None,
        created_at=moment,
        updated_at=moment,
        owner=context.actor.name,
    )


def _config(info: RepoInfo, name: str | None) -> ConfigInfo | None:
    """Return the configuration to download; None where the Hub does not say which there are."""
    listed = ", ".join(config.name for config in info.configs)
    if name is not None:
        for config in info.configs:
            if config.name == name:
                return config
        if info.configs:
            raise StudioError("config_not_found", f"{info.repo_id} has no config {name!r}.", f"It has: {listed}.")
        return None
    if len(info.configs) == 1:
        return info.configs[0]
    for config in info.configs:
        if config.default:
            return config
    if info.configs:
        raise StudioError(
            "config_not_found",
            f"{info.repo_id} has several configs and none is the default.",
            f"Choose one of: {listed}.",
        )
    return None


def _splits(info: RepoInfo, config: ConfigInfo | None, names: Sequence[str] | None) -> list[str] | None:
    if not names:
        return None
    wanted = sorted({checked_split(name) for name in names})
    known = [] if config is None else [split.name for split in config.splits]
    for name in wanted:
        if known and name not in known:
            raise StudioError(
                "split_not_found", f"{info.repo_id} has no split {name!r}.", f"It has: {', '.join(known)}."
            )
    return wanted


def _check_disk(context: Context, info: RepoInfo, splits: Sequence[str] | None, config: ConfigInfo | None) -> None:
    """Raise `disk_full` where there is no room for the splits (None: all) of a config."""
    needed = info.download_bytes
    if splits is not None and config is not None:
        needed = sum(split.num_bytes or 0 for split in config.splits if split.name in splits)
    space = info.free_bytes - context.settings.keep_free_mb * 1024**2
    if needed is not None and needed > space:
        raise StudioError(
            "disk_full",
            f"The download has {needed:,} bytes, and only {max(0, space):,} may be filled.",
            "Free disk space, choose one split, or limit the samples.",
        )
