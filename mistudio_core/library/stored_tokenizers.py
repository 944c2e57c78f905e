"""The stored tokenizers of a library: found by the name they were loaded by, or by a tokenization that used them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.library.context import Context

if TYPE_CHECKING:
    from mistudio_core.tokenization.recipes.recipe import Recipe
    from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_SHA256: Final = re.compile("[0-9a-f]{64}")


def all_tokenizers(context: Context) -> list[StoredTokenizer]:
    """Return all of them, by name; one that goes by several names is there several times.

    Of a name that stands for several commits or sources, the one loaded last comes first.
    """
    from mistudio_core.tokenization.tokenizer.names import names
    from mistudio_core.tokenization.tokenizer.stored import open_named, open_tokenizer

    root = context.home.tokenizers
    kept = []
    for record in names(root):
        with suppress(StudioError, KeyError):  # a damaged one is named by a check, and loaded anew when it is asked for
            kept.append(open_named(root, record))
    named = {tokenizer.name for tokenizer in kept}
    for folder in sorted(root.iterdir()):
        try:
            alone = open_tokenizer(folder)
        except (StudioError, KeyError, NotADirectoryError):
            continue  # a record, a draft, or one of an older program: it is loaded anew when it is asked for
        if alone.name not in named:
            kept.append(alone)
    return sorted(kept, key=lambda tokenizer: tokenizer.name.casefold())


def find_tokenizer(
    context: Context, name: str, *, revision: str | None = None, source: str = "auto"
) -> StoredTokenizer:
    """Return a tokenizer by the name it was loaded by; raise `tokenizer_not_found` where it has not been yet.

    `source` is the recipe's `tokenizer_source`.
    """
    from mistudio_core.tokenization.tokenizer.names import find_name
    from mistudio_core.tokenization.tokenizer.stored import open_named

    name = full_name(context, name)
    record = find_name(context.home.tokenizers, name, revision=revision, source=source)
    if record is not None:
        return open_named(context.home.tokenizers, record)
    for tokenizer in all_tokenizers(context) if source == "auto" else ():
        if tokenizer.name == name and revision in (None, tokenizer.revision):
            return tokenizer
    raise StudioError(
        "tokenizer_not_found", f"The library does not hold the tokenizer {name!r:.120} yet.", "Load it first."
    )


def tokenizer_for(context: Context, recipe: Recipe) -> StoredTokenizer:
    """Return the tokenizer of a recipe, or raise `tokenizer_not_found`."""
    return find_tokenizer(context, recipe.tokenizer, revision=recipe.tokenizer_revision, source=recipe.tokenizer_source)


def tokenizer_of(context: Context, tokenization_id: str, manifest: Mapping[str, Any]) -> StoredTokenizer:
    """Return the tokenizer that made a tokenization, by its manifest; raise `not_found` where it is gone."""
    from mistudio_core.tokenization.tokenizer.stored import open_tokenizer

    digest = str(manifest.get("tokenizer_facts", {}).get("sha256"))
    try:
        if _SHA256.fullmatch(digest):  # else it might be a path
            return open_tokenizer(context.home.tokenizers / digest)
    except (StudioError, KeyError):
        pass
    raise StudioError("not_found", f"The tokenizer of {tokenization_id} is gone.", "Tokenize again to reload it.")


def full_name(context: Context, name: str) -> str:
    """Return the name under which a tokenizer is kept: a path in full, which a shared library refuses."""
    if name.startswith(("/", "./", "../", "~")):
        context.actor.must_be_at_home("A path")
        return str(Path(name).expanduser().resolve())
    return name
