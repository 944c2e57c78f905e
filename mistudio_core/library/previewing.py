"""Before a tokenization: the tokenizers at hand, a text in their tokens, and what a recipe would cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mistudio_core.errors import StudioError, check_text
from mistudio_core.library.access import choose_token
from mistudio_core.library.start import start
from mistudio_core.library.token_reading import TokenReading
from mistudio_core.records import Dataset, Job

if TYPE_CHECKING:
    from mistudio_core.tokenization.previews.estimate import Estimate
    from mistudio_core.tokenization.previews.sampled import Sampled
    from mistudio_core.tokenization.recipes.recipe import Recipe
    from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


@dataclass(frozen=True)
class Forecast:
    """What is known before the start: an estimate for each preset, and the share of samples left out, by reason.

    Nulls and empty texts are named where there are any, a filter where it is chosen; None is known only by the pass.
    """

    presets: tuple[Estimate, ...]
    left_out: Mapping[str, float | None]
    cautions: tuple[str, ...] = ()
    """What may not be meant about the recipe with this dataset."""


class Previewing(TokenReading):
    """The methods of `Library` that show what a recipe does; they encode with `tokenizers` alone."""

    def tokenizers(self) -> list[StoredTokenizer]:
        """Return the tokenizers that the library keeps, by name; one that goes by several names is there several times.

        Of a name that stands for several commits or sources, the one loaded last comes first.
        """
        from mistudio_core.tokenization.tokenizer.names import names
        from mistudio_core.tokenization.tokenizer.stored import open_named, open_tokenizer

        kept = [open_named(self.home.tokenizers, record) for record in names(self.home.tokenizers)]
        named = {tokenizer.name for tokenizer in kept}
        for folder in sorted(self.home.tokenizers.iterdir()):
            try:
                alone = open_tokenizer(folder)
            except (StudioError, KeyError, NotADirectoryError):
                continue  # a record, a draft, or one of an older program: it is loaded anew when it is asked for
            if alone.name not in named:
                kept.append(alone)
        return sorted(kept, key=lambda tokenizer: tokenizer.name.casefold())

    def tokenizer(self, name: str, *, revision: str | None = None, source: str = "auto") -> StoredTokenizer:
        """Return a tokenizer by the name it was loaded by; raise `tokenizer_not_found` where it has not been yet.

        `source` is the recipe's `tokenizer_source`.
        """
        from mistudio_core.tokenization.tokenizer.names import find_name
        from mistudio_core.tokenization.tokenizer.stored import open_named

        name = self._tokenizer_name(name)
        record = find_name(self.home.tokenizers, name, revision=revision, source=source)
        if record is not None:
            return open_named(self.home.tokenizers, record)
        for tokenizer in self.tokenizers() if source == "auto" else ():
            if tokenizer.name == name and revision in (None, tokenizer.revision):
                return tokenizer
        raise StudioError(
            "tokenizer_not_found", f"The library does not hold the tokenizer {name!r:.120} yet.", "Load it first."
        )

    def load_tokenizer(
        self, name: str, *, revision: str | None = None, token: str | None = None, source: str = "auto"
    ) -> Job:
        """Start to load a tokenizer from the Hub, a path or the built-in sample into the library.

        `source` is the recipe's `tokenizer_source`: `file`, `transformers` or `auto`.
        """
        from mistudio_core.tokenization.recipes.checks import checked_value

        name = self._tokenizer_name(name)
        self.actor.must_need_no_token(token)
        on_hub = name != "sample" and not name.startswith("/")
        job_id = start(
            self.home,
            self.settings,
            self._catalog,
            kind="tokenizer",
            subject=None,
            arguments={"name": name, "revision": revision, "source": checked_value("tokenizer_source", source)},
            secret=choose_token(self.settings, token) if on_hub else None,
            check=lambda _: None,
        )
        return self.job(job_id)

    def preview(
        self,
        recipe: Mapping[str, Any],
        *,
        text: str | None = None,
        dataset_id: str | None = None,
        split: str | None = None,
        index: int = 0,
    ) -> dict[str, Any]:
        """Return the tokens of a text, or of a sample of a dataset, under a recipe: `{tokens, num_tokens, policy}`.

        Raises `tokenizer_not_found` while the library does not keep the tokenizer: load it first.
        """
        from mistudio_core.tokenization.previews.preview import Previewer
        from mistudio_core.tokenization.recipes.recipe import Recipe

        wanted = Recipe.from_fields(recipe)
        check_text("text", text or "")
        if text is None and dataset_id is not None:
            wanted = self._resolved(recipe, self.dataset(dataset_id))
            text = self._source_text(wanted, dataset_id, split, index)
        return Previewer(self._kept(wanted)).preview(wanted, text or "")

    def source_text(
        self, dataset_id: str, recipe: Mapping[str, Any], *, split: str | None = None, index: int = 0
    ) -> str | None:
        """Return the text that a recipe makes of a sample, or None where it skips it; a template needs no tokenizer."""
        return self._source_text(self._resolved(recipe, self.dataset(dataset_id)), dataset_id, split, index)

    def text_sources(self, dataset_id: str) -> dict[str, tuple[str, ...]]:
        """Return the columns that a recipe can read: `text`, `chat` (conversations) and `tokens` (lists of ids)."""
        from mistudio_core.tokenization.recipes.columns import chat_columns, is_token_type

        dataset = self.dataset(dataset_id)
        return {
            "text": tuple(dataset.text_columns),
            "chat": tuple(chat_columns(dataset.columns)),
            "tokens": tuple(name for name, kind in dataset.columns.items() if is_token_type(kind)),
        }

    def estimate(self, dataset_id: str, recipe: Mapping[str, Any]) -> Forecast:
        """Return what each preset would give and cost for a dataset, and what filters leave out, from a part of it."""
        from mistudio_core.tokenization.previews.estimate import estimate

        wanted = self._resolved(recipe, self.dataset(dataset_id))
        sampled = self._sampled(dataset_id, wanted)
        said = tuple(self.cautions(recipe, dataset_id))
        return Forecast(tuple(estimate(wanted, sampled, self._kept(wanted))), dict(sampled.left_out), said)

    def left_out(self, dataset_id: str, recipe: Mapping[str, Any]) -> dict[str, float | None]:
        """Return the share of samples that a recipe would leave out, by reason, as in a forecast."""
        return dict(self._sampled(dataset_id, self._resolved(recipe, self.dataset(dataset_id))).left_out)

    def cautions(self, recipe: Mapping[str, Any], dataset_id: str | None = None) -> list[str]:
        """Return what may not be meant about a recipe, in sentences; raise `invalid_request` where it cannot be done.

        With a dataset a few hundred of its samples are looked at, too. Raises `tokenizer_not_found` while the library
        does not keep the tokenizer.
        """
        from mistudio_core.raw import open_splits
        from mistudio_core.tokenization.packing.cautions import cautions, refusal_ahead
        from mistudio_core.tokenization.packing.preset import resolve_policy
        from mistudio_core.tokenization.previews.edges import look_at_edges
        from mistudio_core.tokenization.recipes.recipe import Recipe

        if dataset_id is None:
            wanted = Recipe.from_fields(recipe)
            tokenizer = self._kept(wanted)
            return cautions(wanted, resolve_policy(wanted, tokenizer), tokenizer)
        wanted = self._resolved(recipe, self.dataset(dataset_id))
        tokenizer = self._kept(wanted)
        edges = look_at_edges(wanted, open_splits(self._whole(dataset_id)), tokenizer)
        said = cautions(wanted, resolve_policy(wanted, tokenizer), tokenizer, edges.repeats, about=not edges.exact)
        return said + refusal_ahead(wanted, edges.refusal)

    def _sampled(self, dataset_id: str, recipe: Recipe) -> Sampled:
        from mistudio_core.raw import open_splits
        from mistudio_core.tokenization.previews.sampled import sample

        copies = self._copies(dataset_id, recipe) if recipe.drop_duplicates else None
        return sample(recipe, open_splits(self._whole(dataset_id)), self._kept(recipe), copies)

    def _copies(self, dataset_id: str, recipe: Recipe) -> float | None:
        """Return the share of texts (not empty) that have come before, by the dataset's own statistics."""
        stored = self.statistics(dataset_id) or {}
        for column in stored.get("columns", ()):
            if recipe.columns == (column["name"],) and column.get("kind") == "text":
                present = column["characters"]["count"] - column["empties"]
                copies = column["duplicates"]["copies"] - max(0, column["empties"] - 1)
                return max(0, copies) / present if present else 0.0
        return None

    def _resolved(self, fields: Mapping[str, Any], dataset: Dataset) -> Recipe:
        from mistudio_core.tokenization.recipes.recipe import Recipe

        return Recipe.from_fields(fields).resolved(
            splits=dataset.splits, columns=dataset.columns, text_columns=dataset.text_columns
        )

    def _source_text(self, recipe: Recipe, dataset_id: str, split: str | None, index: int) -> str | None:
        from mistudio_core.raw import open_splits
        from mistudio_core.tokenization.texts.reader import TextReader

        splits, split = open_splits(self._whole(dataset_id)), split or recipe.splits[0]
        if split not in splits or not 0 <= index < splits[split].num_samples:
            raise StudioError("not_found", f"There is no sample {index:,} in {split!r}.", "Samples count from 0.")
        table = splits[split].read(index, index + 1, recipe.source_columns())
        # Only a conversation is written out by a tokenizer's own template; other texts need none.
        tokenizer: Any = None if recipe.chat is None else self._kept(recipe)
        texts = TextReader(recipe, tokenizer).read(table).kept
        return str(texts[0].as_py()) if len(texts) else None

    def _kept(self, recipe: Recipe) -> StoredTokenizer:
        return self.tokenizer(recipe.tokenizer, revision=recipe.tokenizer_revision, source=recipe.tokenizer_source)

    def _kept_or_none(self, recipe: Recipe) -> StoredTokenizer | None:
        try:
            return self._kept(recipe)
        except StudioError:
            return None

    def _tokenizer_name(self, name: str) -> str:
        if name.startswith(("/", "./", "../", "~")):
            self.actor.must_be_at_home("A path")
            return str(Path(name).expanduser().resolve())
        return name
