"""What people type or paste to name a repository of the Hub, and the access token that they give with it."""

from __future__ import annotations

import os
import re
from typing import Final
from urllib.parse import unquote

from mistudio_core.errors import StudioError, invalid

_PACKAGED: Final = """
    arrow audiofolder conll csv eval fasta fastq genbank harbor hdf5 iceberg imagefolder json lance meshfolder mmcif
    niftifolder pandas parquet pdb pdffolder sql text tsfile videofolder vortex webdataset xml
"""
PACKAGED_MODULES: Final = frozenset(_PACKAGED.split())
"""Names without a namespace that `datasets` takes for one of its own readers, which then look at local files."""

_PART: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?")
_HOSTS: Final = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_PAGES_OF_A_REVISION: Final = frozenset({"tree", "blob", "resolve", "raw"})
_PAGES: Final = _PAGES_OF_A_REVISION | {"viewer", "embed", "discussions", "commits", "commit", "edit", "settings"}
"""What may follow a repository in an address; so it ends the name of one without a namespace."""
_TOKEN: Final = re.compile(r"[!-~]{1,200}")
_LONGEST_REVISION: Final = 200


def parse_repo_id(text: str) -> tuple[str, str | None]:
    """Return the repository id that `text` names, and the revision if an address gives one.

    Takes `namespace/name`, a bare `name`, `datasets/...`, `hf://datasets/...` and the addresses of the Hub's pages.
    Raises `invalid_request` for anything else, for a model's address, and for a bare name that `datasets` would
    take for one of its own readers.
    """
    written = text.strip()
    if not written:
        raise invalid("No repository id given.", "Enter one such as stanfordnlp/imdb; the URL of its page works too.")
    if "://" in written or written.split("/")[0].lower() in _hosts():
        parts = _address_parts(written)
    else:
        parts = written.removeprefix("datasets/").split("/") if written.count("/") == 2 else written.split("/")
    if len(parts) > 1 and parts[1] in _PAGES:
        name, rest = parts[:1], parts[1:]
    else:
        name, rest = parts[:2], parts[2:]
    revision = None
    if "@" in name[-1]:
        name[-1], _, revision = name[-1].partition("@")
    elif len(rest) > 1 and rest[0] in _PAGES_OF_A_REVISION:
        revision = unquote(rest[1])
    elif rest and (rest[0] not in _PAGES):
        raise _malformed(text)
    return _checked(name, text), None if revision is None else checked_revision(revision)


def checked_revision(revision: str) -> str:
    """Return a revision (branch, tag or commit) that may be asked for; raise `invalid_request` otherwise."""
    cleaned = revision.strip()
    if not cleaned or len(cleaned) > _LONGEST_REVISION or not cleaned.isprintable() or ".." in cleaned:
        raise invalid(
            f"{revision[:80]!r} is not a revision.", "Give a branch, a tag or a commit, or leave it out for the latest."
        )
    return cleaned


def clean_hf_token(hf_token: str | None) -> str | None:
    """Return a token without the space around it, None for none; raise `token_rejected` if it cannot be one.

    A character that no HTTP header may hold would make the client show the whole header in its error.
    """
    cleaned = (hf_token or "").strip()
    if not cleaned:
        return None
    if not _TOKEN.fullmatch(cleaned):
        raise StudioError(
            "token_rejected",
            "This is not an access token: it contains a space, a line break or another invalid character.",
            "Copy the token again from the Hub's settings page; it is one word that begins with hf_.",
        )
    return cleaned


def _hosts() -> frozenset[str]:
    endpoint = os.environ.get("HF_ENDPOINT", "").rpartition("://")[2].split("/")[0].lower()
    return _HOSTS | {endpoint} if endpoint else _HOSTS


def _address_parts(address: str) -> list[str]:
    """Return the parts of the path behind `datasets/` in an address of the Hub."""
    scheme, _, rest = address.partition("://") if "://" in address else ("https", "", address)
    host, *path = re.split("[?#]", rest, maxsplit=1)[0].split("/")
    if scheme == "hf":
        parts = [host, *path]
    elif scheme in {"http", "https"} and host.lower() in _hosts():
        parts = [part for part in path if part]
    else:
        raise invalid(
            f"{address[:120]!r} is not a URL of the Hugging Face Hub.",
            "Paste the URL of a dataset's page, or enter its id as namespace/name.",
        )
    if parts[:1] != ["datasets"]:
        raise invalid(
            f"{address[:120]!r} is not the URL of a dataset.",
            "A dataset's URL contains /datasets/ followed by its id; models and spaces cannot be downloaded here.",
        )
    return parts[1:] or [""]


def _checked(name: list[str], text: str) -> str:
    repo_id = "/".join(name)
    odd = "--" in repo_id or ".." in repo_id or repo_id.endswith(".git") or len(repo_id) > 96
    if odd or not all(_PART.fullmatch(part) for part in name):
        raise _malformed(text)
    if len(name) == 1 and repo_id.lower() in PACKAGED_MODULES:
        raise invalid(
            f"{repo_id!r} is the name of a file format, not of a dataset.",
            "Enter the dataset's id with its namespace, as namespace/name.",
        )
    return repo_id


def _malformed(text: str) -> StudioError:
    return invalid(
        f"{text.strip()[:120]!r} is not the id of a dataset on the Hub.",
        "An id is namespace/name or a bare name, of letters, digits, '-', '_' and '.'; the URL of its page works too.",
    )
