"""The words in which samples, tokens and jobs are asked for, so that pages need to know nothing behind the library."""

from mistudio_core.arrow_stream import ArrowStream
from mistudio_core.checksums import list_of
from mistudio_core.jobs.kinds import SOURCES, kind_of, makes_dataset, makes_tokenization
from mistudio_core.library.answers import FileLook, Neighbour, TextSources, TokenHits
from mistudio_core.library.undo import UNDO_SECONDS
from mistudio_core.sources.hub_search import HubDataset
from mistudio_core.store.samples.columns import SampleColumn
from mistudio_core.store.samples.concordance import Concordance, WordCount
from mistudio_core.store.samples.conditions import condition_on, left_out
from mistudio_core.store.samples.export import EXPORT_KINDS
from mistudio_core.store.samples.query import MODES, RANKED_MODES, SampleQuery
from mistudio_core.store.samples.search import Found
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.samples.session import SearchSession, SessionClosedError, index_stamp
from mistudio_core.store.sequences.neighbour_order import SORTS as TOKEN_SORTS
from mistudio_core.store.sequences.search import MAX_SEQUENCE as MOST_TOKENS
from mistudio_core.store.sequences.view import TokenHit, TokenPiece, TokenSequence
from mistudio_core.tokenization.exports.copies import Export
from mistudio_core.tokenization.exports.snippets import REMOTE
from mistudio_core.tokenization.output.shard_sequences import Source
from mistudio_core.tokenization.previews.answers import Estimate, Preview, PreviewToken, RecipeValues
from mistudio_core.tokenization.previews.cuts import TextCuts
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

__all__ = [
    "EXPORT_KINDS",
    "MODES",
    "MOST_TOKENS",
    "RANKED_MODES",
    "REMOTE",
    "SOURCES",
    "TOKEN_SORTS",
    "UNDO_SECONDS",
    "ArrowStream",
    "Concordance",
    "Estimate",
    "Export",
    "FileLook",
    "Found",
    "HubDataset",
    "Neighbour",
    "Preview",
    "PreviewToken",
    "RecipeValues",
    "SampleColumn",
    "SampleQuery",
    "SearchPool",
    "SearchSession",
    "SessionClosedError",
    "Source",
    "StoredTokenizer",
    "TextCuts",
    "TextSources",
    "TokenHit",
    "TokenHits",
    "TokenPiece",
    "TokenSequence",
    "WordCount",
    "condition_on",
    "index_stamp",
    "kind_of",
    "left_out",
    "list_of",
    "makes_dataset",
    "makes_tokenization",
]
