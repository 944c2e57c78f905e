"""A tokenizer as the library keeps it: one folder named by its content, and the facts that were found by loading it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.checksums import read_sealed
from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZER_CONFIG, TOKENIZER_JSON, TOKENIZER_SOURCE
from mistudio_core.files import read_json
from mistudio_core.tokenization.tokenizer.names import FROM_FILE, Named

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class StoredTokenizer:
    """What is known of a tokenizer; `load` gives the tokenizer itself.

    `vocab_size` is one more than the greatest id, added tokens included. `prefix` and `suffix` are the ids that the
    tokenizer itself puts round a text, found by encoding. `named_bos_id` and `named_eos_id` are the tokens that its
    settings call so, `named_tokens` the texts of all such tokens. `control` maps each control token to its id.
    `source` tells what was stored, `file` for a `tokenizer.json` or `transformers`; `notes` are sentences on how it
    differs from the files it was loaded from.
    """

    folder: Path
    sha256: str
    name: str
    revision: str | None
    family: str
    vocab_size: int
    model_max_length: int | None
    named_bos_id: int | None
    named_eos_id: int | None
    pad_id: int | None
    unk_id: int | None
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    control: Mapping[str, int]
    named_tokens: Mapping[str, str]
    chat_template: str | None
    tool_template: str | None = None
    """The chat template for conversations with tools, where the tokenizer has one of its own for them."""
    source: str = FROM_FILE
    notes: tuple[str, ...] = ()

    @property
    def bos_id(self) -> int | None:
        """The named BOS token, or else the single id that stands before every text (BERT's [CLS])."""
        if self.named_bos_id is None and len(self.prefix) == 1:
            return self.prefix[0]
        return self.named_bos_id

    @property
    def eos_id(self) -> int | None:
        """The named EOS token, or else the single id that stands after every text (BERT's [SEP])."""
        if self.named_eos_id is None and len(self.suffix) == 1:
            return self.suffix[0]
        return self.named_eos_id

    def load(self) -> Tokenizer:
        """Return a fresh `tokenizers.Tokenizer` that neither truncates nor pads; raise `corrupt_data` if damaged.

        It runs what strangers wrote, such as a regular expression: the app leaves that to a look worker.
        """
        from tokenizers import Tokenizer

        try:
            return Tokenizer.from_file(str(self.json_path))
        except Exception as error:  # the library raises plain Exception
            what = f"The tokenizer {self.name!r:.80} in the library is damaged."
            raise StudioError("corrupt_data", what, "Tokenize again to reload it.") from error

    @property
    def json_path(self) -> Path:
        """The serialised tokenizer."""
        return self.folder / TOKENIZER_JSON

    def describe(self) -> dict[str, Any]:
        """Return what a manifest and a page say of the tokenizer, as JSON."""
        fields = asdict(self)
        for left_out in ("folder", "chat_template", "tool_template"):
            del fields[left_out]
        derived = {"bos_id": self.bos_id, "eos_id": self.eos_id, "has_chat_template": self.chat_template is not None}
        lists = {"prefix": list(self.prefix), "suffix": list(self.suffix), "notes": list(self.notes)}
        return fields | derived | lists


def open_named(root: Path, named: Named) -> StoredTokenizer:
    """Open the tokenizer under `root` that a name stands for. Raises `not_found`."""
    return open_tokenizer(
        root / named.sha256, name=named.name, revision=named.revision, source=named.source, notes=named.notes
    )


def open_tokenizer(
    folder: Path,
    *,
    name: str | None = None,
    revision: str | None = None,
    source: str = FROM_FILE,
    notes: Sequence[str] = (),
) -> StoredTokenizer:
    """Open a kept tokenizer; `name` and `revision` replace those under which it came first. Raises `not_found`."""
    facts = read_sealed(folder / TOKENIZER_SOURCE, dict)
    if facts is None or facts.get("format") != FORMAT:
        raise StudioError("not_found", "The library does not hold this tokenizer.", "Tokenize once to load it.")
    config = read_json(folder / TOKENIZER_CONFIG) or {}
    found = stored_tokenizer(folder, facts)
    return replace(
        found,
        name=found.name if name is None else name,
        revision=found.revision if name is None else revision,
        chat_template=_chat_template(config.get("chat_template"), "default"),
        tool_template=_chat_template(config.get("chat_template"), "tool_use"),
        source=source,
        notes=tuple(notes),
    )


def stored_tokenizer(folder: Path, facts: Mapping[str, Any]) -> StoredTokenizer:
    """Return what the record of a tokenizer says, without its templates; raise as `read_record` for what it cannot."""
    return StoredTokenizer(
        folder=folder,
        sha256=folder.name,
        name=facts["name"],
        revision=facts["revision"],
        family=facts["family"],
        vocab_size=facts["vocab_size"],
        model_max_length=facts["model_max_length"],
        named_bos_id=facts["named_bos_id"],
        named_eos_id=facts["named_eos_id"],
        pad_id=facts["pad_id"],
        unk_id=facts["unk_id"],
        prefix=tuple(facts["prefix"]),
        suffix=tuple(facts["suffix"]),
        control=facts["control"],
        named_tokens=facts["named_tokens"],
        chat_template=None,
    )


def _chat_template(stored: Any, name: str) -> str | None:
    """Return one of several named templates; a single one has no name and is the default."""
    if isinstance(stored, list):
        stored = next((item.get("template") for item in stored if item.get("name") == name), None)
    elif name != "default":
        return None
    return stored if isinstance(stored, str) else None
