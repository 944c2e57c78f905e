"""The words in which samples and tokens are asked for, so that pages need to know nothing behind the library."""

from mistudio_core.library.token_reading import Neighbour, TokenHits
from mistudio_core.store.samples.columns import SampleColumn
from mistudio_core.store.samples.conditions import condition_on, left_out
from mistudio_core.store.samples.export import EXPORT_KINDS
from mistudio_core.store.samples.query import MODES, RANKED_MODES, SampleQuery
from mistudio_core.store.samples.search import Found
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.samples.session import SearchSession, SessionClosedError, index_stamp
from mistudio_core.store.sequences.view import TokenHit, TokenPiece
from mistudio_core.tokenization.output.shard_sequences import Source

__all__ = [
    "EXPORT_KINDS",
    "MODES",
    "RANKED_MODES",
    "Found",
    "Neighbour",
    "SampleColumn",
    "SampleQuery",
    "SearchPool",
    "SearchSession",
    "SessionClosedError",
    "Source",
    "TokenHit",
    "TokenHits",
    "TokenPiece",
    "condition_on",
    "index_stamp",
    "left_out",
]
