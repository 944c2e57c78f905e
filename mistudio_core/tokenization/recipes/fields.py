"""The fields of a recipe, one entry each: defaults, checks, command line, form, estimate and documentation use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

Kind = Literal["text", "names", "choice", "number", "share", "switch", "token", "day"]
"""How a value is written: `names` is a list of texts, `share` a number from 0 to 1, `token` a name or the id of one."""

REQUIRED: Final = object()
"""The default of a field that has to be given."""
TEXT, SOURCE, CONVERSATIONS, PRESET = "Text", "Tokenizer", "Conversations", "Preset"
SPECIAL_TOKENS = "Special tokens"
SEQUENCES, FILTERS, ORDER, ENGINE = "Sequences", "Filters", "Order and amount", "Engine"
TOKEN_NAMES: Final[Mapping[Any, str]] = MappingProxyType(
    {"auto": "By the preset", "eos": "EOS", "bos": "BOS", "sep": "SEP", "none": "Nothing"}
)
_MAX_CONTEXT: Final = 1_048_576
_MAX_COUNT: Final = 1 << 31
_FAIL_OR_SKIP: Final = {"fail": "Stop with an error", "skip": "Skip and count"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a recipe. A default of None means that None may be given, too; `unset` says what it stands for."""

    name: str
    kind: Kind
    default: Any
    group: str
    label: str
    help: str
    """One or two sentences, shown in the form, by `--help` and in the documentation."""
    choices: Mapping[Any, str] = field(default_factory=dict)
    """The values that are known by name, each with its label."""
    bounds: tuple[int, int] | None = None
    """The least and the greatest number."""
    unit: str = ""
    unset: str = ""
    """What the default `None`, `()` or `auto` comes to, in words."""
    by_preset: bool = False
    """Whether only some presets take it: those that name it in their `fields`."""
    filters: str | None = None
    """The reason under which samples that it leaves out are counted; None where it leaves out none."""
    of_texts: bool = False
    """Whether it does nothing where the source is a column of token ids."""
    changes_documents: bool = False
    """Whether the ids of documents depend on it, beside text, conversations and filters."""
    identifies: bool = True
    """Whether recipes that differ in it are different recipes."""
    later: bool = False
    """Whether the first version had it not: at its default it is no part of a fingerprint."""

    @property
    def nullable(self) -> bool:
        """Whether None may be given."""
        return self.default is None

    @property
    def of_conversations(self) -> bool:
        """Whether it does nothing without conversations."""
        return self.group == CONVERSATIONS

    @property
    def is_advanced(self) -> bool:
        """Whether the form shows it among the advanced options; the others have places of their own."""
        return self.group not in (TEXT, PRESET)

    @property
    def decides_documents(self) -> bool:
        """Whether the documents that go into sequences, and their ids, depend on it."""
        return self.group in (TEXT, SOURCE, CONVERSATIONS) or self.filters is not None or self.changes_documents


_TABLE: Final = (
    Field("tokenizer", "text", REQUIRED, TEXT, "Tokenizer",
          "The tokenizer of the model: an id of the Hub, a folder, a tokenizer file, or sample for the built-in one."),
    Field("tokenizer_revision", "text", None, TEXT, "Revision of the tokenizer",
          "A branch, a tag or a commit of the tokenizer's repository; the manifest holds the commit in any case.",
          unset="the newest"),
    Field("tokenizer_source", "choice", "auto", SOURCE, "Tokenizer taken from",
          "Whether its tokenizer.json is taken as it is, or what AutoTokenizer of transformers makes of its files; "
          "auto is the file where one is named, else transformers.",
          {"auto": "By the name", "file": "tokenizer.json as it is", "transformers": "AutoTokenizer"}, later=True),
    Field("splits", "names", (), TEXT, "Splits",
          "The splits to tokenize, in this order; sequences never mix splits.", unset="train, else the only one"),
    Field("columns", "names", (), TEXT, "Columns",
          "One text column, several that are joined by a blank line, or one column of token ids.",
          unset="text, else the only text column"),
    Field("template", "text", None, TEXT, "Template",
          "Several columns in one text, each written between braces, such as {question}; a brace is {{ or }}.",
          unset="none"),
    Field("chat", "text", None, TEXT, "Column of conversations",
          "A column of conversations, written out by the tokenizer's chat template; auto is the only one by its type.",
          unset="none where there is a text column"),
    Field("chat_date", "day", None, CONVERSATIONS, "Date told to the template",
          "The day, as YYYY-MM-DD, for a chat template that asks for the date.", unset="the day of the request",
          later=True),
    Field("chat_tools", "text", None, CONVERSATIONS, "Column of tools",
          "The column that a chat template gets as tools; none gives it none.", unset="the column tools, if any",
          later=True),
    Field("chat_documents", "text", None, CONVERSATIONS, "Column of documents",
          "The column that a chat template gets as documents; none gives it none.",
          unset="the column documents, if any", later=True),
    Field("refused", "choice", "fail", CONVERSATIONS, "Refused conversations",
          "What happens to a conversation that the chat template refuses, for example for its system role.",
          _FAIL_OR_SKIP, filters="refused", later=True),
    Field("preset", "choice", "continuous", PRESET, "Preset",
          "The rule by which documents become sequences."),
    Field("context_length", "number", 1024, PRESET, "Context length",
          "Tokens in a sequence.", bounds=(1, _MAX_CONTEXT), unit="tokens"),
    Field("bos", "choice", "auto", SPECIAL_TOKENS, "BOS",
          "Where the BOS token is put; auto follows the preset and what the tokenizer adds by itself.",
          {"auto": "As the tokenizer does it", "row": "At each sequence", "document": "At each document",
           "never": "Never"}, by_preset=True),
    Field("separator", "token", "auto", SPECIAL_TOKENS, "Between documents",
          "The token between two documents; auto follows the preset, mostly EOS.", TOKEN_NAMES, by_preset=True),
    Field("begin_batch_token", "token", "auto", SPECIAL_TOKENS, "Begins a sequence",
          "SAELens's begin_batch_token: put before a sequence that does not begin with it; auto is BOS.",
          TOKEN_NAMES, by_preset=True),
    Field("begin_sequence_token", "token", "auto", SPECIAL_TOKENS, "Begins a document",
          "SAELens's begin_sequence_token: put before a document that does not begin with it; auto is none.",
          TOKEN_NAMES, by_preset=True),
    Field("concatenate", "switch", default=True, group=SEQUENCES, label="Concatenate documents",
          help="False is SAELens's disable_concat_sequences: one sequence of each document that fills one.",
          by_preset=True),
    Field("add_special_tokens", "switch", None, SPECIAL_TOKENS, "Tokenizer's own special tokens",
          "Whether each document gets the special tokens that the tokenizer puts around a text.",
          {None: "By the preset", True: "Add", False: "Leave out"}, unset="by the preset", by_preset=True),
    Field("stride", "number", 0, SEQUENCES, "Stride",
          "Tokens that a window shares with the one before it.", bounds=(0, _MAX_CONTEXT), unit="tokens",
          by_preset=True),
    Field("truncation", "choice", "auto", SEQUENCES, "Long documents",
          "Truncation keeps the beginning of a document, windows keep all of it; auto is windows with a stride.",
          {"auto": "By the stride", "truncate": "Truncate", "window": "Windows"}, by_preset=True),
    Field("padding", "choice", "none", SEQUENCES, "Padding",
          "Whether short sequences are filled up to the longest one, or to the context length.",
          {"none": "None", "longest": "To the longest sequence", "max_length": "To the context length"},
          by_preset=True),
    Field("padding_side", "choice", "right", SEQUENCES, "Padding side",
          "The side on which padding is added.", {"right": "Right", "left": "Left"}, by_preset=True),
    Field("padding_column", "choice", "none", SEQUENCES, "Column about padding",
          "A second column that tells padding from tokens: the true length, or an attention mask.",
          {"none": "None", "length": "length", "attention_mask": "attention_mask"}, by_preset=True),
    Field("remainder", "choice", "drop", SEQUENCES, "Last sequence",
          "What happens to the tokens at the end of a split that fill no sequence.",
          {"drop": "Drop it", "keep": "Keep it shorter", "pad": "Pad it"}, by_preset=True),
    Field("control_tokens", "choice", "parse", SPECIAL_TOKENS, "Control tokens written in the text",
          "Whether words such as <|endoftext|> in a text are read as that token, or as plain text.",
          {"parse": "Read as tokens", "literal": "Plain text"}, by_preset=True, of_texts=True, changes_documents=True),
    Field("min_tokens", "number", 0, FILTERS, "Fewest tokens",
          "Documents with fewer tokens are skipped and counted.", bounds=(0, _MAX_COUNT), unit="tokens",
          filters="min_tokens"),
    Field("max_tokens_per_document", "number", None, FILTERS, "Most tokens per document",
          "Documents with more tokens are skipped and counted.", bounds=(1, _MAX_COUNT), unit="tokens",
          unset="no limit", filters="max_tokens_per_document"),
    Field("min_chars", "number", 0, FILTERS, "Fewest characters",
          "Texts with fewer characters are skipped and counted.", bounds=(0, _MAX_COUNT), unit="characters",
          filters="min_chars", of_texts=True),
    Field("max_junk_ratio", "share", None, FILTERS, "Largest share of junk",
          "Documents are skipped in which a larger share of tokens has no letter, digit or mark of any script.",
          unset="no limit", filters="junk"),
    Field("drop_duplicates", "switch", default=False, group=FILTERS, label="Drop exact duplicates",
          help="Of equal texts only the first is kept (128-bit xxh3).", filters="duplicate", of_texts=True),
    Field("oversized", "choice", "fail", FILTERS, "Texts too large to cut",
          "What happens to a text that can neither be encoded in one piece nor be cut safely.",
          _FAIL_OR_SKIP, filters="too_large", of_texts=True),
    Field("token_budget", "number", None, ORDER, "Token budget",
          "Stops at exactly so many tokens, or at the last complete sequence below where sequences are not cut.",
          bounds=(1, 1 << 62), unit="tokens", unset="all of the data"),
    Field("shuffle_seed", "number", None, ORDER, "Shuffle seed",
          "Shuffles uniformly; the same seed gives the same order.", bounds=(0, (1 << 63) - 1), unset="in order"),
    Field("shuffle", "choice", "sequences", ORDER, "What is shuffled",
          "What a seed shuffles: finished sequences, or documents before they are packed.",
          {"sequences": "Sequences", "documents": "Documents"}, by_preset=True),
    Field("batch_rows", "number", None, SEQUENCES, "Documents in a batch",
          "Documents in one map batch of the project that the preset reproduces; its sequences depend on it.",
          bounds=(1, 1_000_000), unit="documents", unset="the project's default", by_preset=True),
    Field("emulate_num_proc", "number", 1, SEQUENCES, "Processes to emulate",
          "The num_proc of the project that the preset reproduces; its sequences depend on it.", bounds=(1, 1024),
          unit="processes", by_preset=True),
    Field("dtype", "choice", "auto", ENGINE, "Type of the ids",
          "How ids are stored: auto is the smallest type that holds the vocabulary, uint16 up to 65,536 ids.",
          {"auto": "The smallest", "int32": "int32"}),
    Field("engine", "choice", "auto", ENGINE, "Engine",
          "What encodes the texts: auto is the fast one where it is proven to give the same ids as the reference.",
          {"auto": "The fastest that is right", "reference": "Reference", "fast": "Fast, or fail"}, identifies=False),
)  # fmt: skip

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({one.name: one for one in _TABLE})
"""Every field by its name, in the order of `Recipe`."""
DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType({one.name: one.default for one in _TABLE})


def default(name: str) -> Any:
    """Return the default of a field."""
    return DEFAULTS[name]
