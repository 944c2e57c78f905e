"""Files: `resolve` in its three shapes, the cache it redirects to, and storage."""

from __future__ import annotations

from urllib.parse import quote

from tests.hub.access import Account, RefusedError, may_fetch, may_list
from tests.hub.messages import Request, Response
from tests.hub.repository import Blob, Commit, Kind, Repository
from tests.hub.site import Site, sign

PUBLIC_IN_GATED = ("README.md", ".gitattributes")


def commit_at(repo: Repository, revision: str) -> Commit:
    """Return the commit that a revision names."""
    commit = repo.find(revision)
    if commit is None:
        raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return commit


def file_at(commit: Commit, path: str) -> Blob:
    """Return a file of a commit."""
    blob = commit.files.get(path)
    if blob is None:
        raise RefusedError(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": commit.sha})
    return blob


def resolve(site: Site, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `/{id}/resolve/{revision}/{path}`.

    302 to storage for an LFS file; 307 to the cache for a small public file; the file itself where the repository is
    private or gated, or the file empty.
    """
    may_list(repo, account)
    path = "/".join(rest[1:])
    if path not in PUBLIC_IN_GATED:
        may_fetch(repo, account)
    commit = commit_at(repo, rest[0])
    blob = file_at(commit, path)
    headers = {"X-Repo-Commit": commit.sha, "ETag": blob.etag}
    linked = {"X-Linked-Size": str(len(blob.content)), "X-Linked-ETag": blob.etag, "Accept-Ranges": "bytes"}
    if blob.lfs:
        return Response(302, {**headers, **linked, "Location": site.storage_url(repo, path, blob)})
    if repo.private or repo.gated or not blob.content:
        return _file(blob, path).with_headers(X_Repo_Commit=commit.sha)
    location = f"/api/resolve-cache/{repo.kind}s/{repo.id}/{commit.sha}/{quote(path, safe='')}"
    return Response(307, {**headers, **linked, "Location": f"{location}?etag={quote(blob.etag)}"})


def cached(repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `/api/resolve-cache/{kind}s/{id}/{sha}/{path}`: a small file of a public repository."""
    may_list(repo, account)
    may_fetch(repo, account)
    commit = commit_at(repo, rest[0])
    path = "/".join(rest[1:])
    return _file(file_at(commit, path), path).with_headers(X_Repo_Commit=commit.sha)


def storage(site: Site, request: Request) -> Response:
    """Answer a request to storage: the signature opens it, whatever account asks."""
    location = request.target.partition("?")[0]
    if request.query.get("Signature") != [sign(location)]:
        return Response(403, {"Content-Type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
    if request.method == "PUT":
        site.objects[request.segments[-1]] = request.body
        return Response(200, {"ETag": f'"{request.segments[-1][:32]}"'})
    kind: Kind = "dataset" if request.segments[0] == "datasets" else "model"
    for parts in (3, 2):
        repo = site.find(kind, "/".join(request.segments[1:parts]))
        if repo is not None:
            return _stored(repo, request.segments[parts], "/".join(request.segments[parts + 1 :]))
    return Response(404, {"Content-Type": "application/xml"}, b"<Error><Code>NoSuchKey</Code></Error>")


def _stored(repo: Repository, sha256: str, path: str) -> Response:
    for commit in repo.commits():
        blob = commit.files.get(path)
        if blob is not None and blob.lfs and blob.sha256 == sha256:
            return _file(blob, path)
    return Response(404, {"Content-Type": "application/xml"}, b"<Error><Code>NoSuchKey</Code></Error>")


def _file(blob: Blob, path: str) -> Response:
    name = path.rsplit("/", 1)[-1]
    headers = {
        "Content-Type": "application/octet-stream" if blob.lfs else "text/plain; charset=utf-8",
        "ETag": blob.etag,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)};",
    }
    return Response(200, headers, blob.content, ranged=True)
