"""From the widgets of the tokenization form to the fields of a recipe, and what each field means in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import streamlit as st

from mistudio_core.errors import StudioError, invalid
from mistudio_core.records import Dataset
from mistudio_core.ui import keys

DEFAULT_PRESET: Final = "continuous"
PRESETS: Final[Mapping[str, str]] = {
    "continuous": "Documents joined and cut into full rows; nothing but the last part of a row is lost.",
    "saelens": "Row for row what SAELens makes when it tokenizes.",
    "transformer_lens": "Row for row what TransformerLens makes when it tokenizes.",
    "sparsify": "Row for row what sparsify makes when it tokenizes.",
    "per_document": "Each document in rows of its own: truncated, in windows, or padded.",
}
"""Each preset in one line."""
PRESET_NAMES: Final[Mapping[str, str]] = {
    "continuous": "Continuous",
    "saelens": "SAELens",
    "transformer_lens": "TransformerLens",
    "sparsify": "sparsify",
    "per_document": "Per document",
}
MAX_CONTEXT_LENGTH: Final = 1_048_576
CONTEXT_LENGTH: Final = 1024
SAMPLE_CONTEXT_LENGTH: Final = 128
"""The sample's stories are short; a few thousand rows tell more than a few hundred."""
TYPED: Final = ("chat_date", "chat_tools", "chat_documents")
"""Options that are chosen as a date or typed as a name; empty is the default."""
GIVEN_ID: Final = "id"
"""The choice of a token that is given as its id."""

_BEGINS: Final = ("begin_batch_token", "begin_sequence_token")

COLUMN, TEMPLATE, CHAT = "column", "template", "chat"


class Option(NamedTuple):
    """An advanced field: what it is called, its default, what it may be (in words), and for which presets."""

    label: str
    default: Any
    help: str
    choices: Mapping[Any, str] | None = None
    least: int = 0
    presets: tuple[str, ...] = tuple(PRESETS)


_STREAMS: Final = ("continuous", "saelens", "per_document")  # where special tokens can be chosen freely
_PEERS: Final = ("saelens", "transformer_lens", "sparsify")
_SAELENS: Final = ("saelens",)
_OWN: Final = ("continuous", "per_document")

_TOKENS: Final[Mapping[Any, str]] = {
    "auto": "By the preset",
    "eos": "EOS",
    "bos": "BOS",
    "sep": "SEP",
    "none": "Nothing",
    GIVEN_ID: "A token id",
}

OPTIONS: Final[Mapping[str, Mapping[str, Option]]] = {
    "Conversations": {
        "refused": Option(
            "Refused conversations",
            "fail",
            "A conversation that the chat template refuses, for example since it has no system role.",
            {"fail": "Stop with an error", "skip": "Skip and count"},
        ),
        "chat_date": Option(
            "Date told to the template", None, "For a chat template that asks for the date. Empty: today's date."
        ),
        "chat_tools": Option(
            "Column of tools", None, "What the template gets as tools. Empty: the column tools, if there is one."
        ),
        "chat_documents": Option(
            "Column of documents", None, "What the template gets as documents. Empty: the column documents."
        ),
    },
    "Special tokens": {
        "bos": Option(
            "BOS",
            "auto",
            "The token that begins a sequence. As the tokenizer does it: wherever the tokenizer itself adds one.",
            {
                "auto": "As the tokenizer does it",
                "row": "At each row",
                "document": "At each document",
                "never": "Never",
            },
            presets=(*_STREAMS, "transformer_lens"),
        ),
        "separator": Option(
            "Between documents",
            "auto",
            "What stands between two documents. By the preset: EOS where the tokenizer has one.",
            _TOKENS,
            presets=_STREAMS,
        ),
        "begin_batch_token": Option(
            "Begins a row",
            "auto",
            "SAELens's begin_batch_token: put before a row that does not begin with it. By the preset: BOS.",
            _TOKENS,
            presets=_SAELENS,
        ),
        "begin_sequence_token": Option(
            "Begins a document",
            "auto",
            "SAELens's begin_sequence_token: put before a document that does not begin with it; else nothing.",
            _TOKENS,
            presets=_SAELENS,
        ),
        "add_special_tokens": Option(
            "Tokenizer's own special tokens",
            None,
            "Whether the tokenizer puts round each document what it puts round a text.",
            {None: "By the preset", True: "Add", False: "Leave out"},
            presets=_STREAMS,
        ),
        "control_tokens": Option(
            "Control tokens written in the text",
            "parse",
            "A page of the web may hold the words <|endoftext|>: read them as that token, or as plain text.",
            {"parse": "Read as tokens", "literal": "Plain text"},
            presets=(*_STREAMS, "transformer_lens"),
        ),
    },
    "Rows": {
        "concatenate": Option(
            label="Concatenate documents",
            default=True,
            help="Off is SAELens's disable_concat_sequences: a document that fills a row gives one, the others none.",
            presets=_SAELENS,
        ),
        "remainder": Option(
            "Last row",
            "drop",
            "What happens to the tokens at the end of a split that fill no row.",
            {"drop": "Drop it", "keep": "Keep it shorter", "pad": "Pad it"},
            presets=("continuous",),
        ),
        "truncation": Option(
            "Long documents",
            "auto",
            "Truncate keeps the beginning; windows keep all of it, in several rows.",
            {"auto": "By the stride", "truncate": "Truncate", "window": "Windows"},
            presets=("per_document",),
        ),
        "stride": Option("Stride", 0, "Tokens that a window shares with the one before it.", presets=("per_document",)),
        "padding": Option(
            "Padding",
            "none",
            "Rows shorter than the context: left as they are, or filled up to the longest row or the context length.",
            {"none": "None", "longest": "To the longest row", "max_length": "To the context length"},
            presets=("per_document",),
        ),
        "padding_side": Option(
            "Padding side", "right", "Where padding stands.", {"right": "Right", "left": "Left"}, presets=_OWN
        ),
        "padding_column": Option(
            "Column about padding",
            "none",
            "Keep what is padding and what is not in a column of its own.",
            {"none": "None", "length": "length", "attention_mask": "attention_mask"},
            presets=_OWN,
        ),
        "batch_rows": Option(
            "Documents in a batch",
            None,
            "The batch size with which the other project maps its data; its rows depend on it. Empty: its default.",
            least=1,
            presets=_PEERS,
        ),
        "emulate_num_proc": Option(
            "Processes to emulate",
            1,
            "The num_proc of the other project; its rows depend on it.",
            least=1,
            presets=_PEERS,
        ),
    },
    "Filters (off unless chosen)": {
        "min_tokens": Option("Fewest tokens", 0, "Shorter documents are skipped and counted."),
        "min_chars": Option("Fewest characters", 0, "Shorter documents are skipped and counted."),
        "max_tokens_per_document": Option(
            "Most tokens per document",
            None,
            "Longer documents are skipped and counted. Empty: no limit.",
            least=1,
        ),
        "max_junk_ratio": Option(
            "Largest share of junk",
            None,
            "Skips documents in which more of the tokens have no letter, digit or mark of any script. Empty: no limit.",
        ),
        "drop_duplicates": Option(
            label="Drop exact duplicates", default=False, help="Of equal documents only the first is kept."
        ),
        "oversized": Option(
            "Texts too large to cut",
            "fail",
            "A piece of text that can neither be encoded at once nor be cut safely.",
            {"fail": "Stop with an error", "skip": "Skip and count"},
        ),
    },
    "Order and amount": {
        "token_budget": Option(
            "Token budget", None, "Stops at exactly so many tokens in rows. Empty: all of the data.", least=1
        ),
        "shuffle_seed": Option(
            "Shuffle seed", None, "Shuffles uniformly, the same for the same seed. Empty: in order."
        ),
        "shuffle": Option(
            "What is shuffled",
            "rows",
            "Finished rows, or documents before they are packed.",
            {"rows": "Rows", "documents": "Documents"},
            presets=_OWN,
        ),
    },
    "Engine": {
        "dtype": Option(
            "Type of the ids",
            "auto",
            "The smallest that holds the vocabulary takes 2 bytes a token up to 65,536 ids.",
            {"auto": "The smallest", "int32": "int32"},
        ),
        "engine": Option(
            "Engine",
            "auto",
            "The fast one is used where it is proven to give the same ids as the reference.",
            {"auto": "The fastest that is right", "reference": "Reference", "fast": "Fast, or fail"},
        ),
    },
}
"""The advanced fields by group."""


def key(dataset: Dataset | str, field: str) -> str:
    """Return the session key of a field of the form."""
    return keys.of(dataset if isinstance(dataset, str) else dataset.id, field)


def preset(dataset: Dataset | str) -> str:
    """Return the preset that is chosen."""
    return str(st.session_state.get(key(dataset, "preset"), DEFAULT_PRESET))


def tokenizer_name(dataset: Dataset | str) -> str:
    """Return the tokenizer that is chosen or typed, "" for none."""
    return (st.session_state.get(key(dataset, "tokenizer")) or "").strip()


def applies(dataset: Dataset | str, name: str, option: Option) -> bool:
    """Tell whether an advanced field does something beside the others that are chosen."""
    chosen, state = preset(dataset), st.session_state
    if chosen not in option.presets:
        return False
    if name in OPTIONS["Conversations"]:
        return state.get(key(dataset, "text_from")) == CHAT
    if name == "bos" and chosen == "saelens":
        return not any(state.get(key(dataset, field), "auto") != "auto" for field in _BEGINS)
    if name == "separator" and chosen == "saelens":
        return bool(state.get(key(dataset, "concatenate"), True))
    if name in ("padding_side", "padding_column"):
        field, unpadded = ("padding", "none") if chosen == "per_document" else ("remainder", "drop")
        return state.get(key(dataset, field), unpadded) not in (unpadded, "keep")
    return name != "shuffle" or state.get(key(dataset, "shuffle_seed")) is not None


def changed_options(dataset: Dataset | str) -> dict[str, Any]:
    """Return the advanced fields that apply to the preset and differ from their defaults."""
    fields: dict[str, Any] = {}
    for group in OPTIONS:
        fields |= _changed_in(dataset, group)
    revision = changed_revision(dataset)
    return fields | ({"tokenizer_revision": revision} if revision else {})


def chat_options(dataset: Dataset | str) -> dict[str, Any]:
    """Return the options for conversations that differ from their defaults."""
    return _changed_in(dataset, "Conversations")


def _changed_in(dataset: Dataset | str, group: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, option in OPTIONS[group].items():
        value = st.session_state.get(key(dataset, name), option.default)
        if name in TYPED:
            value = str(value or "").strip() or None
        if value != option.default and applies(dataset, name, option):
            fields[name] = _token_id(dataset, name) if value == GIVEN_ID else value
    return fields


def changed_revision(dataset: Dataset | str) -> str | None:
    """Return the revision of the tokenizer that was typed, None for the newest."""
    return (st.session_state.get(key(dataset, "tokenizer_revision")) or "").strip() or None


def num_changed(dataset: Dataset | str) -> int:
    """Return how many advanced fields that apply differ from their defaults."""
    try:
        return len(changed_options(dataset))
    except StudioError:
        return 1  # the id of a separator is not typed yet


def recipe(dataset: Dataset | str) -> dict[str, Any]:
    """Return the recipe as the form has it now; raise `invalid_request` where nothing was chosen."""
    tokenizer = tokenizer_name(dataset)
    if not tokenizer:
        raise invalid("No tokenizer was chosen.", "Choose one from the list or type an id of the Hub.")
    return {
        "tokenizer": tokenizer,
        "preset": preset(dataset),
        "context_length": st.session_state.get(key(dataset, "context_length")),
        **text_fields(dataset),
        **changed_options(dataset),
    }


def text_fields(dataset: Dataset | str) -> dict[str, Any]:
    """Return the fields that say where the text comes from."""
    state = st.session_state
    fields: dict[str, Any] = {"splits": list(state.get(key(dataset, "splits"), ()))}
    source = state.get(key(dataset, "text_from")) or COLUMN
    if source == TEMPLATE:
        return fields | {"template": state.get(key(dataset, "template")) or ""}
    if source == CHAT:
        return fields | {"chat": state.get(key(dataset, "chat"))}
    column = state.get(key(dataset, "column"))
    return fields | ({"columns": [column]} if column else {})


def id_field(name: str) -> str:
    """Return the field of the form that takes the id of a token which is chosen by its id."""
    return f"{name}_id"


def _token_id(dataset: Dataset | str, name: str) -> int:
    number = st.session_state.get(key(dataset, id_field(name)))
    if number is None:
        label = next(group[name].label for group in OPTIONS.values() if name in group)
        raise invalid(f"The id of the token for {label!r} is missing.", "Type it, or make another choice.")
    return int(number)
