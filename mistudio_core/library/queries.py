"""The words in which samples and tokens are asked for, so that pages need to know nothing behind the library."""

from mistudio_core.library.token_reading import Neighbour, TokenHits
from mistudio_core.store.samples.columns import SampleColumn
from mistudio_core.store.samples.conditions import condition_on, left_out
from mistudio_core.store.samples.export import EXPORT_KINDS
from mistudio_core.store.samples.query import MODES, RANKED_MODES, SampleQuery
from mistudio_core.store.samples.search import NO_INDEX, Found
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.sequences.view import TokenHit, TokenPiece
from mistudio_core.tokenization.output.shard_sequences import Source

__all__ = [
    "EXPORT_KINDS",
    "MODES",
    "NO_INDEX",
    "RANKED_MODES",
    "Found",
    "Neighbour",
    "SampleColumn",
    "SampleQuery",
    "SearchPool",
    "Source",
    "TokenHit",
    "TokenHits",
    "TokenPiece",
    "condition_on",
    "left_out",
]
