"""Tokenizations: what a recipe will do, starting one, and reading its sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mistudio_core.errors import StudioError, check_span, check_text, invalid
from mistudio_core.library import new_records
from mistudio_core.library.answers import Forecast, LeftOut, Neighbour, SourceText, TextSources, TokenHits
from mistudio_core.library.context import Context
from mistudio_core.library.looks import OF_A_PREVIEW, OF_DATA, AskedVocabulary, ask
from mistudio_core.library.records_view import look
from mistudio_core.library.stored_statistics import repeated_share, stored_manifest
from mistudio_core.library.stored_tokenizers import tokenizer_for, tokenizer_of
from mistudio_core.records import Dataset, JsonDocument, Tokenization

if TYPE_CHECKING:
    from mistudio_core.arrow_stream import ArrowStream
    from mistudio_core.raw import RawSplit
    from mistudio_core.store.sequences.reader import TokenSequences
    from mistudio_core.store.sequences.view import TokenSequence, TokenView
    from mistudio_core.tokenization.previews.answers import Preview, RecipeValues
    from mistudio_core.tokenization.recipes.recipe import Recipe


class Tokenizations:
    """The tokenizations of a library; what a recipe does is answered by a look worker."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self, dataset_id: str | None = None) -> list[Tokenization]:
        """Return the tokenizations of one dataset or of all, oldest first."""
        return look(self._context).tokenizations(dataset_id)

    def get(self, tokenization_id: str) -> Tokenization:
        """Return one tokenization, or raise `not_found`."""
        return look(self._context).tokenization(tokenization_id)

    def tokenize(
        self, dataset_id: str, recipe: Mapping[str, Any], *, hf_token: str | None = None, on_cluster: bool = False
    ) -> Tokenization:
        """Start to tokenize a dataset by a recipe (its fields, see the contract of the command line).

        With `on_cluster` the cluster of the settings makes it; raises `invalid_request` where none is named.
        """
        dataset = look(self._context).dataset(dataset_id)
        self._context.actor.must("start")
        return new_records.tokenize(self._context, dataset, recipe, hf_token, on_cluster=on_cluster)

    def preview(
        self,
        recipe: Mapping[str, Any],
        *,
        text: str | None = None,
        dataset_id: str | None = None,
        split: str | None = None,
        index: int = 0,
    ) -> Preview:
        """Return the tokens of a text, or of a sample of a dataset, under a recipe.

        Raises `tokenizer_not_found` while the library does not keep the tokenizer: load it first.
        """
        from mistudio_core.tokenization.previews.answers import Preview, PreviewToken, check_length
        from mistudio_core.tokenization.recipes.recipe import Recipe

        wanted = Recipe.from_fields(recipe)
        check_text("text", text or "")
        if text is None and dataset_id is not None:
            dataset = look(self._context).ready_dataset(dataset_id)
            wanted = _resolved(recipe, dataset)
            text = self._source_text(wanted, dataset, split, index).text
        check_length(text or "")
        tokenizer = tokenizer_for(self._context, wanted)
        found = ask(tokenizer, "preview", OF_A_PREVIEW, recipe=wanted.to_json(), text=text or "")
        tokens = tuple(PreviewToken(*token) for token in zip(*found["tokens"], strict=True))
        return Preview(tokens, len(tokens), found["policy"], tuple(found["cautions"]))

    def source_text(
        self, dataset_id: str, recipe: Mapping[str, Any], *, split: str | None = None, index: int = 0
    ) -> SourceText:
        """Return the text that a recipe makes of a sample; a template needs no tokenizer."""
        dataset = look(self._context).ready_dataset(dataset_id)
        return self._source_text(_resolved(recipe, dataset), dataset, split, index)

    def text_sources(self, dataset_id: str) -> TextSources:
        """Return the columns that a recipe can read."""
        from mistudio_core.tokenization.recipes.columns import chat_columns, is_token_type

        dataset = look(self._context).dataset(dataset_id)
        return TextSources(
            text=tuple(dataset.text_columns),
            chat=tuple(chat_columns(dataset.columns)),
            tokens=tuple(name for name, kind in dataset.columns.items() if is_token_type(kind)),
        )

    def estimate(self, dataset_id: str, recipe: Mapping[str, Any]) -> Forecast:
        """Return what each preset would give and cost for a dataset, and what filters leave out, from a part of it."""
        from mistudio_core.tokenization.previews.answers import Estimate

        dataset = look(self._context).ready_dataset(dataset_id)
        wanted = _resolved(recipe, dataset)
        found = self._ask_of_data(wanted, "forecast", dataset)
        presets = tuple(Estimate(**one) for one in found["presets"])
        return Forecast(presets, found["left_out"], self._cautions(wanted, dataset))

    def left_out(self, dataset_id: str, recipe: Mapping[str, Any]) -> LeftOut:
        """Return the share of samples that a recipe would leave out, by reason, as in a forecast."""
        dataset = look(self._context).ready_dataset(dataset_id)
        return LeftOut(self._ask_of_data(_resolved(recipe, dataset), "left_out", dataset))

    def cautions(self, recipe: Mapping[str, Any], dataset_id: str | None = None) -> tuple[str, ...]:
        """Return what may not be meant about a recipe, in sentences; raise `invalid_request` where it cannot be done.

        With a dataset a few hundred of its samples are looked at, too. Raises `tokenizer_not_found` while the library
        does not keep the tokenizer.
        """
        from mistudio_core.tokenization.recipes.recipe import Recipe

        if dataset_id is None:
            return self._cautions(Recipe.from_fields(recipe), None)
        dataset = look(self._context).ready_dataset(dataset_id)
        return self._cautions(_resolved(recipe, dataset), dataset)

    def recipe_values(self, recipe: Mapping[str, Any], dataset_id: str) -> RecipeValues:
        """Return the special tokens and the packing of a recipe as they will be, in words.

        Raises `invalid_request` where the tokenizer cannot follow it, `tokenizer_not_found` while the library does not
        keep the tokenizer.
        """
        from mistudio_core.tokenization.previews.answers import RecipeValue, RecipeValues

        found = self._ask(_resolved(recipe, look(self._context).ready_dataset(dataset_id)), "recipe_values")
        return RecipeValues(tuple(RecipeValue(**one) for one in found["values"]), found["defaults"])

    def manifest(self, tokenization_id: str) -> JsonDocument:
        """Return what is kept about a tokenization that is ready: its recipe, policy, engines, counts and files."""
        return stored_manifest(look(self._context).ready_tokenization(tokenization_id))

    def sequence(self, tokenization_id: str, number: int) -> TokenSequence:
        """Return a sequence token by token, with the samples that its pieces come from; sequences count from 0."""
        return self._opened(tokenization_id)[1].sequence(number)

    def stream(
        self, tokenization_id: str, *, split: str | None = None, offset: int = 0, limit: int | None = None
    ) -> ArrowStream:
        """Return sequences as the bytes of an Arrow IPC stream, some MB at a time: those of one split, or of all.

        The columns are those that `datasets.load_from_disk` finds: `input_ids`, and `length` or `attention_mask` where
        the recipe asked for it. Nothing is written. `offset` and `limit` choose among them.
        """
        from mistudio_core.store.sequences.arrow import sequence_stream

        check_span(offset, limit)
        record = look(self._context).ready_tokenization(tokenization_id)
        assert record.path is not None
        return sequence_stream(record.path, split, offset, limit)

    def search_tokens(
        self,
        tokenization_id: str,
        *,
        text: str | None = None,
        ids: Sequence[int] | None = None,
        offset: int = 0,
        limit: int = 50,
        across: bool = False,
        sort: str = "position",
    ) -> TokenHits:
        """Find a run of tokens, given as text or as ids, in all sequences; see `find_tokens`.

        A text is encoded as it would stand within a document, so that a leading space matters. With
        `across`, hits that reach from one document into the next count too. `sort` is `position`, or `before` or
        `after` for the order of the tokens that stand there; see `order_by`.
        """
        from mistudio_core.store.sequences.search import find_tokens

        if (text is None) == (ids is None):
            raise invalid("Give either a text or ids.", "For example --text ' Paris', or --ids 6342.")
        check_text("text", text or "")
        sequences, view = self._opened(tokenization_id)
        wanted = view.encode(text) if text is not None else list(ids or ())
        order = view.order(sort)
        found = find_tokens(sequences, wanted, offset=offset, limit=limit, across=across, order=order)
        return TokenHits(
            total=found.total,
            total_is_exact=found.total_is_exact,
            hits=tuple(view.hits(found, len(wanted))),
            sequence=view.pieces(wanted),
            following=_neighbours(view, found.following),
            preceding=_neighbours(view, found.preceding),
            by_position=found.by_position,
            seams_known=found.seams_known,
            num_listed=found.num_listed,
        )

    def _opened(self, tokenization_id: str) -> tuple[TokenSequences, TokenView]:
        from mistudio_core.store.sequences.reader import open_token_sequences
        from mistudio_core.store.sequences.view import TokenView

        record = look(self._context).ready_tokenization(tokenization_id)
        assert record.path is not None
        sequences = open_token_sequences(record.path)
        tokenizer = tokenizer_of(self._context, record.id, sequences.manifest)
        return sequences, TokenView(AskedVocabulary(tokenizer), sequences)

    def _ask(self, recipe: Recipe, question: str, **arguments: Any) -> Any:
        return ask(tokenizer_for(self._context, recipe), question, recipe=recipe.to_json(), **arguments)

    def _ask_of_data(self, recipe: Recipe, question: str, dataset: Dataset) -> Any:
        only_column = recipe.columns[0] if len(recipe.columns) == 1 else None
        copies = repeated_share(dataset, only_column) if recipe.drop_duplicates else None
        return ask(
            tokenizer_for(self._context, recipe), question, OF_DATA,
            recipe=recipe.to_json(), dataset=str(dataset.path), copies=copies,
        )  # fmt: skip

    def _cautions(self, recipe: Recipe, dataset: Dataset | None) -> tuple[str, ...]:
        folder = None if dataset is None else str(dataset.path)
        return tuple(self._ask(recipe, "cautions", dataset=folder))

    def _source_text(self, recipe: Recipe, dataset: Dataset, split: str | None, index: int) -> SourceText:
        from mistudio_core.tokenization.texts.reader import TextReader

        splits, split = _splits(dataset), split or recipe.splits[0]
        if split not in splits or not 0 <= index < splits[split].num_samples:
            raise StudioError("not_found", f"There is no sample {index:,} in {split!r}.", "Samples count from 0.")
        if recipe.chat is not None:  # the tokenizer's own template writes it out
            dataset_folder = str(dataset.path)
            text = self._ask(recipe, "source_text", dataset=dataset_folder, split=split, index=index)
            return SourceText(split, index, text)
        table = splits[split].read(index, index + 1, recipe.source_columns())
        texts = TextReader(recipe).read(table).kept
        return SourceText(split, index, str(texts[0].as_py()) if len(texts) else None)


def _resolved(fields: Mapping[str, Any], dataset: Dataset) -> Recipe:
    from mistudio_core.tokenization.recipes.recipe import Recipe

    return Recipe.from_fields(fields).resolved(
        splits=dataset.splits, columns=dataset.columns, text_columns=dataset.text_columns
    )


def _splits(dataset: Dataset) -> Mapping[str, RawSplit]:
    from mistudio_core.raw import open_splits

    return open_splits(dataset.path or Path())


def _neighbours(view: TokenView, counted: Sequence[tuple[int, int]]) -> tuple[Neighbour, ...]:
    pieces = view.pieces([ident for ident, _ in counted])
    return tuple(Neighbour(piece, count) for piece, (_, count) in zip(pieces, counted, strict=True))
