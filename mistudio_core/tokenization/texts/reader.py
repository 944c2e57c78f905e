"""From raw columns to the texts that are encoded: one Arrow array, and why a sample is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.errors import StudioError, invalid
from mistudio_core.raw import decoded_column
from mistudio_core.tokenization.recipes.columns import template_parts
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.conversations import RefusedError, strings_in
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

if TYPE_CHECKING:
    from mistudio_core.tokenization.texts.chat import ChatTemplate

USED: Final = 0
SKIP_REASONS: Final = (
    "used", "null", "empty", "min_chars", "min_tokens", "max_tokens_per_document", "junk", "duplicate", "too_large",
    "token_budget", "refused",
)  # fmt: skip
"""Why a sample gives no tokens; its place in this list is the code that is stored."""
DEFAULT_JOINT: Final = "\n\n"
"""What stands between several columns when no template is given: a blank line."""

SkipCodes = npt.NDArray[np.uint8]


def skip_code(reason: str) -> int:
    """Return the stored code of a reason."""
    return SKIP_REASONS.index(reason)


class Refusal(NamedTuple):
    """A conversation that a chat template refused: the number of its sample in the split, and why."""

    sample: int
    reason: str


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of n samples: `skipped` has n codes, `kept` the texts of those with the code `USED`, in order.

    `written` is what people wrote, where that is not all of the text: the template of a chat adds to it. `refusal` is
    the first conversation that the chat template refused, if any did.
    """

    kept: pa.LargeStringArray
    skipped: SkipCodes
    written: pa.LargeStringArray
    refusal: Refusal | None = None

    def only(self, mask: npt.NDArray[np.bool_], code: int) -> Texts:
        """Return the texts of those kept for which the mask is true; the others are skipped with `code`."""
        skipped = self.skipped.copy()
        skipped[np.flatnonzero(skipped == USED)[~mask]] = code
        kept = filtered(self.kept, mask)
        written = kept if self.written is self.kept else filtered(self.written, mask)
        return Texts(kept, skipped, written, self.refusal)


class TextReader:
    """Makes texts of raw samples as a recipe says; may be shared by threads."""

    def __init__(self, recipe: Recipe, tokenizer: StoredTokenizer | None = None) -> None:
        """Prepare the template or the chat template; only the latter needs the tokenizer that it comes with."""
        self.columns = recipe.source_columns()
        self._recipe = recipe
        day = None if recipe.chat_date is None else date.fromisoformat(recipe.chat_date)
        self._chat: ChatTemplate | None = None
        if recipe.chat is not None:
            from mistudio_core.tokenization.texts.chat import ChatTemplate  # Jinja, which the app does without

            assert tokenizer is not None
            self._chat = ChatTemplate.of(tokenizer, day)
        # Those projects hand empty texts to the tokenizer like any other, and some of their sequences depend on it.
        self._keep_empty = recipe.is_peer

    def read(self, table: pa.Table, first: int = 0) -> Texts:
        """Return the texts of a table of raw samples; `first` is the number of its first one, for error messages."""
        if self._chat is not None:
            return self._conversations(self._chat, table, first)
        texts = self._texts(table)
        skipped = self._skipped(texts)
        kept = filtered(texts, skipped == USED)
        return Texts(kept, skipped, kept)

    def _conversations(self, template: ChatTemplate, table: pa.Table, first: int) -> Texts:
        recipe = self._recipe
        talks = decoded_column(table, str(recipe.chat))
        tools, documents = (self._beside(table, name) for name in (recipe.chat_tools, recipe.chat_documents))
        rendered: list[str | None] = []
        refusals: list[Refusal] = []
        for place, (talk, *beside) in enumerate(zip(talks, tools, documents, strict=True)):
            try:
                rendered.append(template.render(talk, *beside))
            except RefusedError as error:
                refusals.append(Refusal(first + place, str(error)))
                if recipe.refused == "fail":
                    raise refused(refusals[0]) from None
                rendered.append(None)
        texts = pa.array(rendered, pa.large_string())
        skipped = self._skipped(texts)
        skipped[[refusal.sample - first for refusal in refusals]] = skip_code("refused")
        said = ["\n".join(strings_in([*item])) for item in zip(talks, tools, documents, strict=True)]
        written = pa.array(said, pa.large_string())
        used = skipped == USED
        return Texts(filtered(texts, used), skipped, filtered(written, used), refusals[0] if refusals else None)

    def _beside(self, table: pa.Table, name: str | None) -> list[Any]:
        """Return the tools or documents of each sample; None for each where no column holds them."""
        return [None] * table.num_rows if name in (None, "none") else decoded_column(table, str(name))

    def _skipped(self, texts: pa.LargeStringArray) -> SkipCodes:
        """Return the code of each text as far as it shows in the text itself."""
        skipped = np.zeros(len(texts), np.uint8)
        if not self._keep_empty:
            skipped[_sizes(texts) == 0] = skip_code("empty")
        if texts.null_count:
            skipped[texts.is_null().to_numpy(zero_copy_only=False)] = skip_code("null")
        if self._recipe.min_chars:
            characters = pc.fill_null(pc.utf8_length(texts), 0).to_numpy()
            skipped[(characters < self._recipe.min_chars) & (skipped == USED)] = skip_code("min_chars")
        return skipped

    def _texts(self, table: pa.Table) -> pa.LargeStringArray:
        recipe = self._recipe
        if recipe.template is None and len(recipe.columns) == 1:
            return text_column(table, recipe.columns[0])
        if recipe.template is not None:
            return _filled(table, template_parts(recipe.template))
        joints = [(DEFAULT_JOINT if place else "", name) for place, name in enumerate(recipe.columns)]
        return _filled(table, [(joint, name) for joint, name in joints])


def text_column(table: pa.Table, name: str) -> pa.LargeStringArray:
    """Return one column as one large_string array; numbers and the like are written out."""
    column = table.column(name)
    array = column.chunk(0) if column.num_chunks == 1 else pa.chunked_array(column).combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    if pa.types.is_large_string(array.type):
        return array
    try:
        return array.cast(pa.large_string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        raise StudioError(
            "no_text_column",
            f"The column {name!r:.80} holds {array.type}, which is not text.",
            "Choose another column.",
        ) from None


def refused(refusal: Refusal) -> StudioError:
    """Return the error of a recipe that does not skip refused conversations."""
    return invalid(
        f"The chat template refuses the conversation of sample {refusal.sample:,}: {refusal.reason}.",
        "Set refused to 'skip' to skip such samples, or choose another tokenizer or a text column.",
    )


def filtered(texts: pa.LargeStringArray, mask: npt.NDArray[np.bool_]) -> pa.LargeStringArray:
    """Return the texts where the mask is true."""
    return texts if mask.all() else texts.filter(pa.array(mask))


def surrounded_texts(texts: pa.LargeStringArray, before: str, after: str) -> pa.LargeStringArray:
    """Return each text with the same strings round it."""
    if not before and not after:
        return texts
    kind = pa.large_string()
    return pc.binary_join_element_wise(pa.scalar(before, kind), texts, pa.scalar(after, kind), pa.scalar("", kind))


def _filled(table: pa.Table, parts: list[tuple[str, Any]]) -> pa.LargeStringArray:
    """Return a template filled in for each sample; a sample whose columns are all empty or null has no text."""
    kind = pa.large_string()
    pieces: list[Any] = []
    has_text = np.zeros(table.num_rows, np.bool_)
    for literal, name in parts:
        pieces.append(pa.scalar(literal, kind))
        if name is not None:
            column = text_column(table, name)
            pieces.append(column)
            has_text |= _sizes(column) > 0
    nothing = pa.scalar("", kind)
    joined = pc.binary_join_element_wise(*pieces, nothing, null_handling="replace", null_replacement="")
    return pc.if_else(pa.array(has_text), joined, pa.scalar(None, kind))


def _sizes(texts: pa.LargeStringArray) -> npt.NDArray[np.int64]:
    """Return the bytes of each text, 0 for a null."""
    return pc.fill_null(pc.binary_length(texts), 0).to_numpy()
