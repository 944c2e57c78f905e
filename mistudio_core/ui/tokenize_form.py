"""The form that starts a tokenization."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from mistudio_core.errors import invalid
from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui import failures, formats, keys
from mistudio_core.ui.escape import one_line
from mistudio_core.ui.opening import open_library

_COMMON: Final = (
    "openai-community/gpt2",
    "EleutherAI/pythia-70m",
    "google/gemma-2-2b",
    "meta-llama/Llama-3.2-1B",
    "Qwen/Qwen3-0.6B-Base",
)
_SAMPLE: Final = "sample"
_CONTEXT_LENGTH: Final = 1024
_SAMPLE_CONTEXT_LENGTH: Final = 128  # the sample's stories are short; a few hundred rows tell more than fifty
_MAX_CONTEXT_LENGTH: Final = 1_048_576


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the form for a dataset that is ready."""
    if not dataset.text_columns:
        st.info("No column of this dataset holds text, so there is nothing to tokenize.", icon=":material/text_fields:")
        return
    with st.form(keys.of(dataset.id, "tokenize"), border=False):
        tokenizer, length = st.columns([3, 1])
        tokenizers = _tokenizers(library, dataset)
        tokenizer.selectbox(
            "Tokenizer",
            tokenizers,
            key=_key(dataset, "tokenizer"),
            accept_new_options=True,
            help="The tokenizer of the model you want to look into: an id of the Hugging Face Hub such as "
            "openai-community/gpt2, a folder of this machine (starting with / or ~), or 'sample'.",
        )
        length.number_input(
            "Context length",
            min_value=1,
            max_value=_MAX_CONTEXT_LENGTH,
            value=_SAMPLE_CONTEXT_LENGTH if dataset.source == "sample" else _CONTEXT_LENGTH,
            key=_key(dataset, "context_length"),
            help="Tokens in a row. Documents are joined and cut into rows of this length.",
        )
        splits, column, token = st.columns(3)
        _splits_and_column(dataset, splits, column)
        token.text_input(
            "Access token (optional)",
            key=_key(dataset, "token"),
            type="password",
            placeholder="hf_…",
            help="Only for the tokenizer of a private or gated repository. It is never stored.",
        )
        st.form_submit_button("Tokenize", icon=":material/bolt:", type="primary", on_click=_start, args=(dataset.id,))
    failures.show_kept(_key(dataset, "tokenize_error"))


def _splits_and_column(dataset: Dataset, splits: Any, column: Any) -> None:
    names = [name for name, number in dataset.splits.items() if number]
    splits.multiselect(
        "Splits",
        names,
        default=["train"] if "train" in names else names[:1],
        key=_key(dataset, "splits"),
        format_func=lambda name: f"{one_line(name, 40)} ({formats.count(dataset.splits.get(name, 0))})",
        help="Rows never mix splits.",
    )
    texts = list(dataset.text_columns)
    column.selectbox(
        "Text column",
        texts,
        index=texts.index("text") if "text" in texts else 0,
        key=_key(dataset, "column"),
        format_func=lambda name: one_line(name, 60),
    )


def _tokenizers(library: Library, dataset: Dataset) -> list[str]:
    """Return what to offer: the sample's own first on the sample, then the newest used, then common ones."""
    used = [item.tokenizer for item in reversed(library.tokenizations())]
    offered = [*used, *_COMMON, _SAMPLE]
    if dataset.source == "sample":
        offered.insert(0, _SAMPLE)
    return list(dict.fromkeys(offered))


def _key(dataset: Dataset, what: str) -> str:
    return keys.of(dataset.id, what)


def _start(dataset_id: str) -> None:
    state = st.session_state
    with failures.kept(keys.of(dataset_id, "tokenize_error")):
        tokenizer = (state[keys.of(dataset_id, "tokenizer")] or "").strip()
        if not tokenizer:
            raise invalid("No tokenizer was chosen.", "Choose one from the list or type an id of the Hub.")
        recipe = {
            "tokenizer": tokenizer,
            "splits": list(state[keys.of(dataset_id, "splits")]),
            "columns": [state[keys.of(dataset_id, "column")]],
            "context_length": state[keys.of(dataset_id, "context_length")],
        }
        open_library().tokenize(dataset_id, recipe, token=state[keys.of(dataset_id, "token")] or None)
        state[keys.NOTICE] = "The tokenization has started."
