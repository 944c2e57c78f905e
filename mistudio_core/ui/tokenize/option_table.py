"""The advanced options of the tokenization form: what each is called and means, and for which presets it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

PRESETS: Final[Mapping[str, str]] = {
    "continuous": "Documents joined and cut into full rows; nothing but the last part of a row is lost.",
    "saelens": "Row for row what SAELens makes when it tokenizes.",
    "transformer_lens": "Row for row what TransformerLens makes when it tokenizes.",
    "sparsify": "Row for row what sparsify makes when it tokenizes.",
    "per_document": "Each document in rows of its own: truncated, in windows, or padded.",
}
"""Each preset in one line."""
TYPED: Final = ("chat_date", "chat_tools", "chat_documents")
"""Options that are chosen as a date or typed as a name; empty is the default."""
GIVEN_ID: Final = "id"
"""The choice of a token that is given as its id."""


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
    "Tokenizer": {
        "tokenizer_source": Option(
            "Tokenizer taken from",
            "auto",
            "Transformers 5 builds many tokenizers anew, and the result may differ from tokenizer.json; a caution says "
            "so. By the name: the file where a tokenizer.json was named, else what transformers loads.",
            {"auto": "By the name", "file": "tokenizer.json as it is", "transformers": "AutoTokenizer"},
        ),
    },
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
            "sequences",
            "Finished rows, or documents before they are packed.",
            {"sequences": "Sequences", "documents": "Documents"},
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
