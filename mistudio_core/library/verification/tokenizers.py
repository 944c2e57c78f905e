"""The stored tokenizers, and the records of the names that they go by."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.files import Home, read_if_sound
from mistudio_core.library.context import Context
from mistudio_core.library.records_view import look
from mistudio_core.library.tokenizers import Tokenizers
from mistudio_core.library.verification.problem import Found, Repair
from mistudio_core.manifest_files import tokenization_manifest
from mistudio_core.records import Job

_SUBJECT: Final = "tokenizers"


def check_tokenizers(home: Home, only: str | None = None) -> Found:
    """Check all stored tokenizers and their names, or the one whose checksum is given."""
    from mistudio_core.example.dataset import pointer_problem
    from mistudio_core.tokenization.tokenizer.contents import tokenizer_problems, verdict_problems
    from mistudio_core.tokenization.tokenizer.names import record_files, record_problem

    found = Found()
    for folder in _folders(home.tokenizers) if only is None else [home.tokenizers / only]:
        found.checked += 3
        found.add(_SUBJECT, tokenizer_problems(folder), repair=Repair(load_again, folder.name))
        for path, damage in verdict_problems(folder).items():
            name = path.relative_to(home.tokenizers).as_posix()
            found.add(_SUBJECT, [damage], repair=Repair(forget, name))
    if only is not None:
        return found
    for path in record_files(home.tokenizers):
        found.checked += 1
        problem = record_problem(path)
        found.add(_SUBJECT, [problem] if problem else [], repair=Repair(forget, path.name))
    pointer = pointer_problem(home)
    found.add(_SUBJECT, [pointer] if pointer else [], repair=Repair(make_sample_again, ""))
    return found


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if len(path.name) == 64)


def load_again(context: Context, sha256: str) -> Job | None:
    """Load a tokenizer again from where it came: that of the sample at once, another by a job."""
    from mistudio_core.example.dataset import POINTER

    pointer = read_if_sound(context.home.tokenizers / POINTER, dict) or {}
    origin = ("sample", None, "auto") if pointer.get("sha256") == sha256 else _origin(context, sha256)
    if origin is None:
        raise StudioError(
            "tokenizer_not_found", "By which name it was loaded is not known.", "Load it again by its name or path."
        )
    name, revision, source = origin
    if name == "sample":
        make_sample_again(context, "")
        return None
    return Tokenizers(context).load(name, revision=revision, source=source)


def _origin(context: Context, sha256: str) -> tuple[str, str | None, str] | None:
    """Return name, revision and source of a tokenizer, by the records of names or by what was made with it."""
    from mistudio_core.tokenization.tokenizer.names import all_names

    for record in look(context).tokenizations():
        manifest = None if record.path is None else tokenization_manifest(record.path)
        if manifest is not None and manifest.get("tokenizer_facts", {}).get("sha256") == sha256:
            return record.tokenizer, record.tokenizer_revision, record.recipe.tokenizer_source
    named = next((one for one in all_names(context.home.tokenizers) if one.sha256 == sha256), None)
    return None if named is None else (named.name, named.revision, named.source)


def make_sample_again(context: Context, _: str) -> None:
    """Train the tokenizer of the built-in example again, which takes half a second."""
    from mistudio_core.example.dataset import sample_tokenizer

    sample_tokenizer(context.home)


def forget(context: Context, name: str) -> None:
    """Delete what is found out again when it is needed: the record of a name, or a verdict on engines."""
    context.home.discard(context.home.tokenizers / name)
