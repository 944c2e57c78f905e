"""One tokenization as a card: what it is, its figures, its chart, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.library.queries import makes_tokenization
from mistudio_core.records import Job, Tokenization
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.jobs import progress as job_progress
from mistudio_core.ui.jobs import retry
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.sequences import export_panel, training_code
from mistudio_core.ui.widgets import badges, deletion, figure_cards, figures, folding, formats, titles

_FIGURE_WIDTH: Final = 130


def draw(library: Library, tokenization: Tokenization, jobs: Sequence[Job], *, opened: bool) -> None:
    """Draw a tokenization that no job is making; `jobs` are its own, newest first, `opened` shows its chart at once."""
    with st.container(border=True, gap="small", key=keys.of(tokenization.id, "card")):
        head(tokenization)
        if tokenization.status == "ready":
            _figures(tokenization)
            _engine_note(library, tokenization)
            _parts(library, tokenization, jobs, opened=opened)
            return
        if tokenization.error is not None:
            failures.show(tokenization.error)
            retry.show_error(tokenization.id)
        with st.container(horizontal=True, horizontal_alignment="right"):
            if tokenization.status == "error":
                makers = [job for job in jobs if makes_tokenization(job.kind)]
                retry.button(library, tokenization, needs_token=bool(makers) and makers[0].needs_token)
            deletion.menu(library, tokenization)


def _parts(library: Library, tokenization: Tokenization, jobs: Sequence[Job], *, opened: bool) -> None:
    """Draw the buttons of the parts of the card, and those parts that are open."""

    def key(name: str) -> str:
        return keys.of(tokenization.id, name)

    with st.container(horizontal=True, vertical_alignment="center"):
        asked = st.query_params.get(keys.CODE_OF) == tokenization.id
        at_first = opened and not asked
        chart = folding.is_open("Histogram", key("chart"), icon=":material/bar_chart:", at_first=at_first)
        code = folding.is_open("Training code", key("use"), icon=":material/code:", at_first=asked)
        export = library.may("push") and folding.is_open("Export", key("export"), icon=":material/ios_share:")
        sequence_address.link("Browse and search sequences", tokenization.dataset_id, tokenization.id)
        deletion.menu(library, tokenization)
    with failures.shown():
        if chart:
            figures.stored_lengths(library.statistics(tokenization.id), key("lengths"))
        if code:
            training_code.draw(library, tokenization)
        if export:
            export_panel.draw(library, tokenization, jobs)


def head(tokenization: Tokenization, *, job: Job | None = None) -> None:
    """Draw the first lines of the card: the tokenizer, the status and the recipe in short.

    While a job makes it, the status is the job's: the record may be ahead of what is drawn below.
    """
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        st.markdown(f":material/token: **{plain(titles.tokenizer(tokenization.tokenizer), 100)}**", width="content")
        badges.draw(badges.of_tokenization(tokenization) if job is None else badges.of_making(job))
    st.caption(recipe_line(tokenization), help=_exactly(tokenization))


def recipe_line(tokenization: Tokenization) -> str:
    """Return the recipe in short, as Markdown: `1,024 tokens per sequence · continuous · train · fast engine`."""
    recipe = tokenization.recipe
    parts = [f"{formats.exact(tokenization.context_length)} tokens per sequence"]
    parts.append(plain(recipe.preset.replace("_", " ")))
    options = titles.options(recipe.values())
    parts += [plain(options, 200)] if options else []
    parts += [plain(name, 40) for name in recipe.splits]
    if recipe.columns:
        parts.append("column " + ", ".join(plain(name, 40) for name in recipe.columns))
    elif recipe.chat or recipe.template:
        parts.append(f"conversations of {plain(recipe.chat, 40)}" if recipe.chat else "template")
    if tokenization.engine:
        parts.append(f"{plain(tokenization.engine, 60)} engine")
    return " · ".join(parts)


def live_figures(job: Job) -> None:
    """Draw the same figures as far as a running job has counted them, so that nothing jumps at its end."""
    seen = job.live
    documents = seen.get("documents")
    if not documents:
        return
    per_second = job_progress.tokens_per_second(job)
    with st.grid(5, min_column_width=_FIGURE_WIDTH):
        if seen.get("sequences"):  # they are counted with each shard that is done
            figure_cards.count("Sequences", seen["sequences"], border=False)
        figure_cards.count("Tokens", seen.get("tokens"), border=False)
        figure_cards.count("Documents", documents, border=False)
        if job.rate is not None:  # while sequences are written, nothing is read
            figure_cards.count("Documents per second", round(job.rate), border=False)
        if per_second is not None:
            figure_cards.count("Tokens per second", per_second, border=False)


def _figures(tokenization: Tokenization) -> None:
    with st.grid(4, min_column_width=_FIGURE_WIDTH):
        figure_cards.count("Sequences", tokenization.num_sequences, border=False)
        figure_cards.count("Tokens", tokenization.num_tokens, border=False)
        figure_cards.count("Documents", tokenization.num_documents, border=False)
        figure_cards.size("Size", tokenization.size_bytes, border=False)


def _engine_note(library: Library, tokenization: Tokenization) -> None:
    """Say why the fast engine was not used, where that is so; and that its ids were proven, where it was."""
    try:
        engines = library.manifest(tokenization.id).get("engines") or {}
    except StudioError as error:
        failures.show(error)
        return
    if engines.get("reason"):
        st.caption(f":material/info: Reference engine: {plain(engines['reason'], 400)}.")
    elif engines.get("checked_texts"):
        st.caption(
            f":material/verified: {plain(engines['fast'], 60)} gave the same ids as "
            f"{plain(engines['reference'], 60)} on {formats.counted(engines['checked_texts'], 'text')} "
            "of this dataset and on the built-in test strings."
        )
    for reason, count in (engines.get("routed") or {}).items():
        st.caption(
            f":material/alt_route: {formats.counted(count['documents'], 'document')} "
            f"({formats.size(count['bytes'])}) encoded by the reference: {plain(reason, 200)}."
        )


def _exactly(tokenization: Tokenization) -> str:
    lines = [plain(tokenization.tokenizer, 200), f"Created {formats.exact_time(tokenization.created_at)}"]
    if tokenization.tokenizer_revision:
        lines.append(f"Tokenizer revision {plain(tokenization.tokenizer_revision)}")
    if tokenization.vocab_size:
        lines.append(f"{formats.exact(tokenization.vocab_size)} ids in the vocabulary")
    return "  \n".join(lines)
