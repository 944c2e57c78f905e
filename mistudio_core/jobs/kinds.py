"""The kinds of job, one entry each: everything that the rest of the project needs to know of a kind.

A new kind is an entry here and a module in `work` with `run(job: RunningJob) -> dict`; the dict becomes the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Lane = Literal["download", "compute", "index", "look"]
"""A queue of its own each. Downloads wait for the network and computations for the processor, so one of each may run
beside the other; a search index neither holds up a tokenization nor waits for one; a look answers somebody who waits.
"""
Made = Literal["dataset", "tokenization"]
ON_CLUSTER: Final = "on_cluster"
"""The argument of a tokenization that is carried out by the cluster of the settings."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job.

    `module` is the module of its worker in `work`. `makes` says what its subject is when the job makes it, and is None
    for a kind that only uses its subject or has none. A kind that makes datasets names their `source` and its title.
    `from_outside` tells that it fills the disk with data of unknown size. `blocks_deletion` is False for work that
    nobody waits for, which a deletion ends without asking. `personal` is work that concerns nobody but who started it,
    so that in a shared library others do not see it.
    """

    name: str
    module: str
    lane: Lane
    title: str
    icon: str
    makes: Made | None = None
    source: str = ""
    source_title: str = ""
    from_outside: bool = False
    blocks_deletion: bool = True
    personal: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "download", "download", "download", "Download", ":material/download:",
            makes="dataset", source="huggingface", source_title="Hugging Face", from_outside=True,
        ),
        Kind(
            "import", "import_files", "compute", "Import", ":material/upload_file:",
            makes="dataset", source="local", source_title="Your files", from_outside=True,
        ),
        Kind(
            "example", "example", "compute", "Example dataset", ":material/auto_stories:",
            makes="dataset", source="sample", source_title="Example",
        ),
        Kind("tokenize", "tokenize", "compute", "Tokenization", ":material/token:", makes="tokenization"),
        Kind("index", "index", "index", "Search index", ":material/manage_search:", blocks_deletion=False),
        Kind("tokenizer", "load_tokenizer", "look", "Loading a tokenizer", ":material/input:", personal=True),
        Kind("look", "look_at_files", "look", "Preview of files", ":material/preview:", personal=True),
        Kind("export", "export", "compute", "Export", ":material/ios_share:", personal=True),
        Kind("push", "push", "download", "Push to the Hub", ":material/cloud_upload:", personal=True),
    )
}  # fmt: skip
SOURCES: Final[Mapping[str, str]] = {kind.source: kind.source_title for kind in KINDS.values() if kind.source}
"""Where a dataset may come from, with the title of each source."""


def kind_of(name: str) -> Kind:
    """Return the kind of this name; a name that is not known (of another version) gives one that makes nothing."""
    return KINDS.get(name) or Kind(name, "", "compute", name, ":material/help:")


def makes_dataset(name: str) -> bool:
    """Tell whether jobs of this kind make a dataset."""
    return kind_of(name).makes == "dataset"


def makes_tokenization(name: str) -> bool:
    """Tell whether jobs of this kind make a tokenization."""
    return kind_of(name).makes == "tokenization"


def source_of(name: str) -> str:
    """Return the source of the datasets that jobs of this kind make."""
    return KINDS[name].source
