"""What the test Hub holds: its repositories, uploaded objects, addresses and signatures."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

from tests.hub.repository import Blob, Kind, Repository

SIGNING_KEY = b"storage of the test hub"
TREE_PAGE = 1000
TREE_PAGE_EXPANDED = 50


class Site:
    """The state behind the server: repositories by kind and id, uploaded LFS objects, the two origins."""

    def __init__(self, *, tree_page: int = TREE_PAGE) -> None:
        """Start without any repository; the listing page size is the real Hub's unless told otherwise."""
        self.repositories: dict[tuple[Kind, str], Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.tree_page = tree_page
        self.endpoint = ""
        self.storage_endpoint = ""

    def add(self, repo: Repository) -> Repository:
        """Publish a repository under its id and return it."""
        self.repositories[repo.kind, repo.id] = repo
        return repo

    def find(self, kind: Kind, repo_id: str) -> Repository | None:
        """Return a repository by its id."""
        return self.repositories.get((kind, repo_id))

    def moved(self, kind: Kind, repo_id: str) -> Repository | None:
        """Return the repository that an older id redirects to."""
        return next((r for (k, _), r in self.repositories.items() if k == kind and repo_id in r.aliases), None)

    def storage_url(self, repo: Repository, path: str, blob: Blob) -> str:
        """Return the signed address of an LFS file; the path names the repository and the file for the log."""
        location = f"/{repo.kind}s/{repo.id}/{blob.sha256}/{quote(path)}"
        return f"{self.storage_endpoint}{location}?Expires=3600&Signature={sign(location)}"

    def upload_url(self, repo_id: str, oid: str) -> str:
        """Return the signed address that takes an uploaded LFS object."""
        location = f"/uploads/{repo_id}/{oid}"
        return f"{self.storage_endpoint}{location}?Expires=3600&Signature={sign(location)}"


def sign(location: str) -> str:
    """Return the signature of a path in storage."""
    return hmac.new(SIGNING_KEY, location.encode(), hashlib.sha256).hexdigest()[:32]


def prefix(kind: Kind) -> str:
    """Return what stands before the id of a repository in a page's path."""
    return "" if kind == "model" else f"{kind}s/"
