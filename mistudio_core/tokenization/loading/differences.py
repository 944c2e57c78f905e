"""Whether what transformers builds from a tokenizer's files encodes as its `tokenizer.json` says."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from mistudio_core.file_names import TOKENIZER_JSON
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer, surroundings

_TEXT_PARTS: Final = ("normalizer", "pre_tokenizer", "model")
"""The parts of a `tokenizer.json` that decide how plain text is split."""
_MOST_SHOWN: Final = 6
"""Ids of an example from where two lists part."""
_PLAIN: Final = ("In 2023, 650841823 people", "don't  stop", "ﬁne ½ ①", "Zoë's café", "A 東京 B")
"""Readable texts that are tried first: an example is there to be understood."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How two tokenizers made from the same files differ.

    `parts` are the parts of `tokenizer.json` that do; `text` is a text that they encode differently, the
    most readable of the `tried`, None where all came out equal; `by_file` and `by_transformers` are its ids.
    """

    parts: tuple[str, ...]
    tried: int
    text: str | None = None
    by_file: tuple[int, ...] = ()
    by_transformers: tuple[int, ...] = ()

    def trained_with(self) -> str:
        """Return a sentence on which of the two the model was likely trained with."""
        if set(self.parts) & set(_TEXT_PARTS):
            return "The model was likely trained with the file, which versions of transformers before 5 take as it is"
        if "added_tokens" in self.parts:
            return "The model was likely trained with those of transformers, which every version adds"
        return "Which special tokens stood round the texts in training, neither tells"


def difference(file: Tokenizer, loaded: Tokenizer, settings: Mapping[str, Any]) -> Difference | None:
    """Compare the tokenizer of a `tokenizer.json` with the one that transformers loads; None where they are equal.

    Parts are equal when they are the same but for what no id depends on. Where one differs, hard texts are encoded.
    """
    ours, theirs = _essence(file), _essence(loaded)
    parts = tuple(part for part in ours if ours[part] != theirs[part])
    if not parts:
        return None
    texts = dict.fromkeys([*_PLAIN, *sorted(_hard([file, loaded], settings), key=_readable)])
    for text in texts:
        pair = file.encode(text).ids, loaded.encode(text).ids
        if pair[0] != pair[1]:
            return Difference(parts, len(texts), text, tuple(pair[0]), tuple(pair[1]))
    return Difference(parts, len(texts))


def _hard(tokenizers: Iterable[Tokenizer], settings: Mapping[str, Any]) -> list[str]:
    """Return texts made from the features of both; they are stored for a moment, since those are read from the disk."""
    with tempfile.TemporaryDirectory() as folder:
        stored = [store_tokenizer(Path(folder), one.to_str(), settings, name="", revision=None) for one in tokenizers]
        return [text for one in stored for text in hard_strings(one)]


def sentence(found: Difference, *, stored: str, version: str) -> str:
    """Return what a user is told of a difference; `stored` is `file` or `transformers`."""
    parts = " and ".join(found.parts)
    kept = TOKENIZER_JSON if stored == "file" else "transformers"
    if found.text is None:
        told = f"which gave no other ids in {found.tried:,} texts that were tried"
    else:
        by_file, by_auto = _parted(found.by_file, found.by_transformers)
        told = f"for example {found.text[:40]!r} is {by_auto} by AutoTokenizer and {by_file} by tokenizer.json"
    return (
        f"AutoTokenizer (transformers {version}) does not follow tokenizer.json in its {parts}, {told}. "
        f"The ids are those of {kept}. {found.trained_with()}. Choose with tokenizer_source: file or transformers."
    )


def _parted(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[str, str]:
    """Return two lists of ids from the id before they part on."""
    same = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    start = max(0, (min(len(one), len(other)) if same is None else same) - 1)
    return _shown(one, start), _shown(other, start)


def _shown(ids: tuple[int, ...], start: int) -> str:
    shown = [str(ident) for ident in ids[start : start + _MOST_SHOWN]]
    before, after = ["…"] if start else [], ["…"] if len(ids) > start + _MOST_SHOWN else []
    return "[" + ", ".join([*before, *shown, *after]) + "]"


def _readable(text: str) -> tuple[bool, int]:
    return (not text.isprintable() or not text.strip(), len(text))


def _essence(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return the parts of a `tokenizer.json` without what no id of a single text depends on."""
    facts = json.loads(tokenizer.to_str())
    normalizer = _steps(facts.get("normalizer"), "normalizers")
    steps = _steps(facts.get("pre_tokenizer"), "pretokenizers")
    gone = _replaced(normalizer)
    return {
        "normalizer": normalizer,
        "pre_tokenizer": [one for one in steps if not (one["type"] == "Split" and one["pattern"] == gone)],
        "model": _model(facts["model"]),
        # Whether a token is special decides how it is counted and decoded, not how a text is encoded.
        "added_tokens": sorted(
            ({**token, "special": None} for token in facts.get("added_tokens") or ()), key=lambda token: token["id"]
        ),
        # What it puts round a text is known by encoding, however it is written.
        "post_processor": surroundings(tokenizer),
    }


def _steps(part: Any, inner: str) -> list[Any]:
    """Return the steps of a normalizer or pre-tokenizer, sequences within sequences laid flat."""
    if part is None:
        return []
    if part.get("type") == "Sequence":
        return [step for one in part[inner] for step in _steps(one, inner)]
    return [{key: value for key, value in part.items() if key != "trim_offsets"}]


def _replaced(normalizer: list[Any]) -> Any:
    """Return the pattern that no text holds after the normalizer, whose last step replaces it; None for none."""
    last = normalizer[-1] if normalizer else {}
    if last.get("type") != "Replace" or "String" not in last["pattern"] or last["pattern"]["String"] in last["content"]:
        return None
    return last["pattern"] if len(last["pattern"]["String"]) == 1 else None  # a longer one may arise anew


def _model(model: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: value for key, value in model.items() if key not in ("vocab", "merges", "dropout")}
    essence = {key: None if value is False or value == "" else value for key, value in settings.items()}
    if not essence.get("unk_token"):
        essence.pop("fuse_unk", None)  # there is nothing to fuse
    return essence | {"vocab": model.get("vocab"), "merges": model.get("merges")}
