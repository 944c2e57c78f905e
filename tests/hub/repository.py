"""A repository as the Hub keeps it: immutable commits of files, branches and tags, and who may read it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

import yaml

Kind = Literal["dataset", "model"]
Gate = Literal["auto", "manual", False]
Files = dict[str, bytes | str]
Entry = dict[str, object]

# Files with these endings live in storage, as the Hub's default .gitattributes has it.
LFS_ENDINGS = (".parquet", ".arrow", ".gz", ".bz2", ".xz", ".zst", ".zip", ".bin", ".safetensors", ".model")
LFS_FROM_BYTES = 1_000_000
FIRST_COMMIT_AT = datetime(2024, 1, 1, tzinfo=UTC)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"


@dataclass(frozen=True)
class Blob:
    """The content of one file; `lfs` says whether it lives in storage (a different origin) or in git."""

    content: bytes
    lfs: bool

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        """What git holds for an LFS file."""
        return POINTER.format(sha256=self.sha256, size=len(self.content)).encode()

    @cached_property
    def oid(self) -> str:
        """Git's own id: of the content, or of the pointer for an LFS file."""
        held = self.pointer if self.lfs else self.content
        return hashlib.sha1(b"blob %d\0" % len(held) + held).hexdigest()

    @property
    def etag(self) -> str:
        """The entity tag with its quotes: sha256 of an LFS file, git id of another."""
        return f'"{self.sha256 if self.lfs else self.oid}"'

    def entry(self, path: str) -> Entry:
        """Return the file's row in a tree listing."""
        row: Entry = {"type": "file", "oid": self.oid, "size": len(self.content), "path": path}
        if self.lfs:
            row["lfs"] = {"oid": self.sha256, "size": len(self.content), "pointerSize": len(self.pointer)}
        return row


@dataclass(frozen=True)
class Commit:
    """One state of all files; its sha follows from the content and the parent."""

    sha: str
    title: str
    date: datetime
    parent: Commit | None
    files: Mapping[str, Blob]

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """Every folder's path and its id, which follows from the files below it."""
        digests: dict[str, hashlib._Hash] = {}
        for path, blob in self.files.items():
            parts = path.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                digest = digests.setdefault("/".join(parts[:depth]), hashlib.sha1())
                digest.update(f"{path}\0{blob.oid}\n".encode("utf-8", "surrogatepass"))
        return {path: digest.hexdigest() for path, digest in digests.items()}

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All files and folders as rows of a tree listing, by path."""
        rows = [blob.entry(path) for path, blob in self.files.items()]
        rows += [{"type": "directory", "oid": oid, "size": 0, "path": path} for path, oid in self.folders.items()]
        return tuple(sorted(rows, key=lambda row: str(row["path"])))

    def listing(self, folder: str, recursive: bool) -> list[Entry] | None:
        """Return the rows below a folder ("" is the root), None where there is no such folder."""
        if folder and folder not in self.folders:
            return None
        prefix = f"{folder}/" if folder else ""
        below = [row for row in self.entries if str(row["path"]).startswith(prefix)]
        return [row for row in below if recursive or "/" not in str(row["path"])[len(prefix) :]]

    def history(self) -> Iterator[Commit]:
        """Yield this commit and its ancestors, newest first."""
        commit: Commit | None = self
        while commit is not None:
            yield commit
            commit = commit.parent

    @cached_property
    def card(self) -> dict[str, object]:
        """The metadata at the head of README.md; {} where there is none or it is malformed."""
        readme = self.files.get("README.md")
        text = readme.content.decode("utf-8", "replace") if readme else ""
        if not text.startswith("---\n") or "\n---" not in text[3:]:
            return {}
        try:
            head = yaml.safe_load(text[4 : text.index("\n---", 3)])
        except yaml.YAMLError:
            return {}
        return head if isinstance(head, dict) else {}


class Repository:
    """A repository with its commits.

    `files` maps paths to content (str is encoded as UTF-8). `members` are the users who may read a private repository
    and have been let through the gate of a gated one; the owner is the namespace and is always one of them.
    `aliases` are other ids that redirect here.
    """

    def __init__(
        self,
        repo_id: str,
        files: Mapping[str, bytes | str],
        *,
        kind: Kind = "dataset",
        private: bool = False,
        gated: Gate = False,
        disabled: bool = False,
        members: tuple[str, ...] = (),
        aliases: tuple[str, ...] = (),
    ) -> None:
        """Make the first commit of `main` from `files`."""
        self.id, self.kind = repo_id, kind
        self.private, self.gated, self.disabled = private, gated, disabled
        self.members = {*members, repo_id.split("/", maxsplit=1)[0]}
        self.aliases = aliases
        self.downloads, self.likes = 1234, 56
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self._commits: dict[str, Commit] = {}
        self.commit(files, title="initial commit")

    @property
    def sha(self) -> str:
        """The newest commit of `main`."""
        return self.branches["main"]

    @property
    def files(self) -> Mapping[str, Blob]:
        """The files of `main`."""
        return self._commits[self.sha].files

    def commit(
        self,
        changes: Mapping[str, bytes | str | Blob | None],
        *,
        branch: str = "main",
        title: str = "Update",
        replace: bool = False,
    ) -> str:
        """Commit changed files to a branch and return the sha.

        None removes a file; `replace` starts from nothing. Older commits stay readable by their sha.
        """
        parent = self._commits.get(self.branches.get(branch, ""))
        files = {} if replace or parent is None else dict(parent.files)
        for path, content in changes.items():
            if content is None:
                files.pop(path, None)
            else:
                files[path] = content if isinstance(content, Blob) else as_blob(path, content)
        files = dict(sorted(files.items()))
        text = "".join(f"{blob.oid} {path}\n" for path, blob in files.items()) + f"{parent and parent.sha} {title}"
        sha = hashlib.sha1(f"{self.kind} {self.id}\n{text}".encode()).hexdigest()
        date = FIRST_COMMIT_AT + timedelta(hours=len(self._commits))
        self._commits[sha] = Commit(sha, title, date, parent, files)
        self.branches[branch] = sha
        return sha

    def commits(self) -> tuple[Commit, ...]:
        """Return every commit of every branch, oldest first."""
        return tuple(self._commits.values())

    def branch(self, name: str, at: str = "main") -> str:
        """Make a branch at a revision and return its sha."""
        self.branches[name] = self._known(at).sha
        return self.branches[name]

    def tag(self, name: str, at: str = "main") -> str:
        """Tag a revision and return its sha."""
        self.tags[name] = self._known(at).sha
        return self.tags[name]

    def find(self, revision: str) -> Commit | None:
        """Return the commit that a branch, a tag, a ref or a sha (7 digits at least) names."""
        short = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        sha = self.branches.get(short) or self.tags.get(short) or revision
        if sha in self._commits:
            return self._commits[sha]
        if len(sha) < 7:
            return None
        return next((commit for full, commit in self._commits.items() if full.startswith(sha)), None)

    def readable_by(self, user: str | None) -> bool:
        """Whether a user (None: nobody signed in) knows that the repository exists."""
        return not self.private or user in self.members

    def open_to(self, user: str | None) -> bool:
        """Whether a user may fetch the files."""
        return self.readable_by(user) and (not self.gated or user in self.members)

    def _known(self, revision: str) -> Commit:
        commit = self.find(revision)
        if commit is None:
            raise KeyError(f"{self.id} has no revision {revision}")
        return commit


def as_blob(path: str, content: bytes | str) -> Blob:
    """Return a file as the Hub would keep it under that name."""
    data = content.encode() if isinstance(content, str) else content
    return Blob(data, bool(data) and (path.endswith(LFS_ENDINGS) or len(data) > LFS_FROM_BYTES))
