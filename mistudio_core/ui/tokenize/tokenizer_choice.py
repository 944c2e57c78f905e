"""Choosing a tokenizer, loading it into the library, and what is known of it then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError, invalid
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Job
from mistudio_core.ui.app import failures
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.widgets import formats

_COMMON: Final = (
    "openai-community/gpt2",
    "EleutherAI/pythia-70m",
    "google/gemma-2-2b",
    "meta-llama/Llama-3.2-1B",
    "Qwen/Qwen3-0.6B-Base",
)
_SHOWN_SPECIALS: Final = 6
_LISTED_SPECIALS: Final = 60  # on hover; a tokenizer may have a thousand reserved ones
_ROLES: Final = ("bos_token", "eos_token", "pad_token", "unk_token", "cls_token", "sep_token", "mask_token")


def draw(library: Library, dataset: Dataset) -> dict[str, Any] | None:
    """Draw the choice; return the facts of the tokenizer that is chosen if the library holds it."""
    choice, access, load = st.columns([5, 3, 1], vertical_alignment="bottom")
    choice.selectbox(
        "Tokenizer",
        _offered(library, dataset),
        key=recipe_fields.key(dataset, "tokenizer"),
        accept_new_options=True,
        persist_state="session",
        help="The tokenizer of the model under study: a Hub id such as openai-community/gpt2, a local folder or "
        "tokenizer.json (starting with / or ~), or 'sample', the built-in one.",
    )
    access.text_input(
        "Access token (optional)",
        key=recipe_fields.key(dataset, "token"),
        type="password",
        placeholder="hf_…",
        help="Only for a private or gated repository. Never stored.",
    )
    tokenizer = _loaded(library, dataset)
    loading = bool(jobs_of(library, dataset))
    load.button(
        "Load",
        key=recipe_fields.key(dataset, "load"),
        help="Shows its vocabulary and enables preview and estimate.",
        on_click=_load,
        args=(dataset.id,),
        disabled=loading,
        type="secondary" if tokenizer else "primary",
        width="stretch",
    )
    failures.show_stored(recipe_fields.key(dataset, "load_error"))
    if tokenizer is not None:
        _facts(tokenizer)
    elif loading:
        st.caption(":material/hourglass_top: Loading; progress is shown below.")
    else:
        _not_loaded(library, dataset)
    return tokenizer


def jobs_of(library: Library, dataset: Dataset) -> Sequence[Job]:
    """Return the job that loads a tokenizer for this form, while it is active."""
    job_id = (st.session_state.get(recipe_fields.key(dataset, "load_job")) or {}).get("job_id")
    return [job for job in library.jobs(active=True) if job.id == job_id] if job_id else []


def with_loading(find: Callable[[Library], Sequence[Job]], dataset: Dataset) -> Callable[[Library], Sequence[Job]]:
    """Return the question after the jobs that `find` finds, and the one that loads a tokenizer for this form."""
    return lambda library: [*find(library), *jobs_of(library, dataset)]


def _offered(library: Library, dataset: Dataset) -> list[str]:
    """Return the choices: the example's own first on the example dataset, then used, stored and common ones."""
    used = [item.tokenizer for item in reversed(library.tokenizations())]
    stored = [] if library.settings.shared else [item.name for item in library.tokenizers()]
    offered = [*used, *(name for name in stored if name != recipe_fields.SAMPLE), *_COMMON, recipe_fields.SAMPLE]
    if dataset.source == "sample":
        offered.insert(0, recipe_fields.SAMPLE)
    return list(dict.fromkeys(offered))


def _loaded(library: Library, dataset: Dataset) -> dict[str, Any] | None:
    name = recipe_fields.tokenizer_name(dataset)
    revision = recipe_fields.changed_revision(dataset)
    if not name:
        return None
    try:
        return library.tokenizer(name, revision=revision, source=recipe_fields.tokenizer_source(dataset)).describe()
    except StudioError:
        return None  # not yet; or a path on a shared deployment, which pressing Load explains


def _facts(tokenizer: Mapping[str, Any]) -> None:
    limit = tokenizer["model_max_length"]
    parts = [
        ":green-badge[:material/check: Loaded]",
        f"**{formats.exact(tokenizer['vocab_size'])}** ids including added tokens",
        f"model limit **{formats.exact(limit)}** tokens" if limit else "model limit not stated",
        f"chat template: **{'yes' if tokenizer['has_chat_template'] else 'no'}**",
        plain(tokenizer["family"], 40),
    ]
    if tokenizer["revision"]:
        parts.append(f"revision {plain(tokenizer['revision'][:10])}")
    st.markdown(" · ".join(parts))
    st.caption(_specials(tokenizer), help=_all_specials(tokenizer))


def _specials(tokenizer: Mapping[str, Any]) -> str:
    """Return the special tokens with what they are for, as Markdown."""
    roles: dict[str, list[str]] = {}
    for role in _ROLES:
        if role in tokenizer["named_tokens"]:
            roles.setdefault(tokenizer["named_tokens"][role], []).append(role.removesuffix("_token").upper())
    named = [_token(tokenizer, text, "/".join(names)) for text, names in roles.items()]
    others = [_token(tokenizer, text) for text in tokenizer["control"] if text not in roles]
    shown = [*named, *others][: max(len(named), _SHOWN_SPECIALS)]
    more = len(named) + len(others) - len(shown)
    line = ", ".join(shown) if shown else "none"
    return f"Special tokens: {line}" + (f" and {formats.exact(more)} more" if more else "")


def _token(tokenizer: Mapping[str, Any], text: str, roles: str = "") -> str:
    ident = tokenizer["control"].get(text)
    number = "" if ident is None else f" ({ident})"
    return (f"{roles} " if roles else "") + f"**{plain(text, 60)}**{number}"


def _all_specials(tokenizer: Mapping[str, Any]) -> str:
    listed = list(tokenizer["control"].items())
    if len(listed) <= _SHOWN_SPECIALS:
        return "Tokens that ordinary text never produces, with their ids."
    lines = [f"{ident}: {plain(text, 60)}" for text, ident in listed[:_LISTED_SPECIALS]]
    return "  \n".join([*lines, "…"] if len(listed) > _LISTED_SPECIALS else lines)


def _not_loaded(library: Library, dataset: Dataset) -> None:
    started: dict[str, Any] = st.session_state.get(recipe_fields.key(dataset, "load_job")) or {}
    if started and started["name"] == recipe_fields.tokenizer_name(dataset):
        try:
            job = library.job(started["job_id"])
        except StudioError:
            job = None
        if job is not None and job.error is not None:
            failures.show(job.error)
            return
    st.caption("Press Load to see its vocabulary, a preview and estimates. Tokenize loads it automatically.")


def _load(dataset_id: str) -> None:
    with failures.storing(recipe_fields.key(dataset_id, "load_error")):
        name = recipe_fields.tokenizer_name(dataset_id)
        if not name:
            raise invalid("No tokenizer selected.", "Choose one from the list or enter a Hub id.")
        hf_token = st.session_state.get(recipe_fields.key(dataset_id, "token")) or None
        revision, source = recipe_fields.changed_revision(dataset_id), recipe_fields.tokenizer_source(dataset_id)
        job = open_library().load_tokenizer(name, revision=revision, hf_token=hf_token, source=source)
        st.session_state[recipe_fields.key(dataset_id, "load_job")] = {"job_id": job.id, "name": name}
