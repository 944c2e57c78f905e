"""Reading what a tokenization made: its sequences, token by token, and where a sequence of tokens stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mistudio_core.errors import StudioError, check_text, invalid
from mistudio_core.files import new_id, read_json
from mistudio_core.library.reading import Reading

if TYPE_CHECKING:
    from mistudio_core.store.samples.export import Progress
    from mistudio_core.store.sequences.view import TokenHit, TokenPiece, TokenSequence, TokenView


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A token that stands beside hits, and how often."""

    token: TokenPiece
    count: int


@dataclass(frozen=True, slots=True)
class TokenHits:
    """One page of a token search, and what it tells of all hits.

    `following` and `preceding` are most often first; `by_position` counts the hits in equal parts of the
    sequence, of `position_step` positions each. Where `seams_known` is False, hits may reach from one document
    into the next.
    """

    total: int
    total_is_exact: bool
    hits: tuple[TokenHit, ...]
    sequence: tuple[TokenPiece, ...]
    following: tuple[Neighbour, ...]
    preceding: tuple[Neighbour, ...]
    by_position: tuple[int, ...]
    position_step: int
    seams_known: bool = True


class TokenReading(Reading):
    """The methods of `Library` that read token sequences."""

    def sequence(self, tokenization_id: str, number: int) -> TokenSequence:
        """Return a sequence token by token, with the samples that its pieces come from; sequences count from 0."""
        return self._token_view(tokenization_id).sequence(number)

    def manifest(self, tokenization_id: str) -> dict[str, Any]:
        """Return what is kept about a tokenization that is ready: its recipe, policy, engines, counts and files."""
        folder = self._tokenization_folder(tokenization_id)
        stored = read_json(folder / "manifest.json")
        if not isinstance(stored, dict):
            raise StudioError(
                "corrupt_data", f"{tokenization_id} has lost its manifest.", "Delete it and make it anew."
            )
        return stored

    def search_tokens(
        self,
        tokenization_id: str,
        *,
        text: str | None = None,
        ids: Sequence[int] | None = None,
        offset: int = 0,
        limit: int = 50,
        across: bool = False,
    ) -> TokenHits:
        """Find a sequence of tokens, given as text or as ids, in all sequences; see `find_tokens`.

        A text is encoded as it would stand within a document, so that a leading space matters. With
        `across`, hits that reach from one document into the next count too.
        """
        from mistudio_core.store.sequences.reader import open_token_sequences
        from mistudio_core.store.sequences.search import find_tokens

        if (text is None) == (ids is None):
            raise invalid("Give either a text or ids.", "For example --text ' Paris', or --ids 6342.")
        check_text("text", text or "")
        view = self._token_view(tokenization_id)
        sequence = view.encode(text) if text is not None else list(ids or ())
        sequences = open_token_sequences(self._tokenization_folder(tokenization_id))
        found = find_tokens(sequences, sequence, offset=offset, limit=limit, across=across)
        return TokenHits(
            total=found.total,
            total_is_exact=found.total_is_exact,
            hits=tuple(view.hits(found, len(sequence))),
            sequence=view.pieces(sequence),
            following=_neighbours(view, found.following),
            preceding=_neighbours(view, found.preceding),
            by_position=found.by_position,
            position_step=found.position_step,
            seams_known=found.seams_known,
        )

    def export_samples(self, dataset_id: str, kind: str, *, progress: Progress | None = None, **fields: Any) -> Path:
        """Write the whole result of a query to a new file in the library's `exports` and return its path.

        `kind` is `parquet`, `jsonl` or `csv`; `fields` are those of `SampleQuery`. `progress` is told the
        number of samples written; what it raises ends the export and leaves no file.
        """
        from mistudio_core.store.samples.query import SampleQuery

        query = SampleQuery.from_fields(fields)
        target = self.home.exports / f"samples-{new_id('job').removeprefix('job_')}.{kind}"
        with self.search_session(dataset_id) as session:
            session.export(query, target, kind, progress)
        return target

    def _token_view(self, tokenization_id: str) -> TokenView:
        from mistudio_core.store.sequences.reader import open_token_sequences
        from mistudio_core.store.sequences.view import TokenView

        return TokenView(self.home.tokenizers, open_token_sequences(self._tokenization_folder(tokenization_id)))

    def _tokenization_folder(self, tokenization_id: str) -> Path:
        path = self.tokenization(tokenization_id).path
        if path is None:
            raise StudioError("in_use", f"{tokenization_id} is not ready.", "Wait for its job, or resume it.")
        return path


def _neighbours(view: TokenView, counted: Sequence[tuple[int, int]]) -> tuple[Neighbour, ...]:
    pieces = view.pieces([ident for ident, _ in counted])
    return tuple(Neighbour(piece, count) for piece, (_, count) in zip(pieces, counted, strict=True))
