"""The JSON API that clients read: info, tree, paths-info, refs, commits, auth-check, search, whoami."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, quote, urlencode

from tests.hub.access import Account, RefusedError, may_fetch
from tests.hub.content import commit_at
from tests.hub.messages import Request, Response, json_response
from tests.hub.repository import FIRST_COMMIT_AT, Commit, Entry, Repository
from tests.hub.site import TREE_PAGE_EXPANDED, Site

SEARCH_PAGE = 100

Handler = Callable[[Site, Request, Repository, list[str], Account | None], Response]


def info(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `/api/{kind}s/{id}` and `.../revision/{revision}`."""
    commit = commit_at(repo, rest[0] if rest else "main")
    facts = describe(repo, commit)
    facts["siblings"] = [_sibling(path, blob.entry(path), request.flag("blobs")) for path, blob in commit.files.items()]
    return json_response(_wanted(request, facts))


def describe(repo: Repository, commit: Commit) -> dict[str, object]:
    """Return what the Hub says of a repository, without its files."""
    licence = commit.card.get("license")
    used = sum(len(blob.content) for blob in commit.files.values())
    facts: dict[str, object] = {
        "_id": commit.sha[:24],
        "id": repo.id,
        "author": repo.id.rpartition("/")[0] or None,
        "sha": commit.sha,
        "createdAt": _time(FIRST_COMMIT_AT),
        "lastModified": _time(commit.date),
        "private": repo.private,
        "gated": repo.gated,
        "disabled": repo.disabled,
        "downloads": repo.downloads,
        "likes": repo.likes,
        "tags": [f"license:{licence}", "region:us"] if licence else ["region:us"],
        "cardData": commit.card or None,
        "usedStorage": used,
        "mainSize": used,
    }
    if repo.kind == "model":
        facts |= {"modelId": repo.id, "library_name": "transformers", "pipeline_tag": "text-generation"}
    return facts


def tree(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `/tree/{revision}[/{folder}]`, a page at a time, the next one in the Link header."""
    commit = commit_at(repo, rest[0] if rest else "main")
    rows = commit.listing("/".join(rest[1:]).strip("/"), request.flag("recursive"))
    if rows is None:
        raise RefusedError(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": commit.sha})
    expand = request.flag("expand")
    size = min(site.tree_page, TREE_PAGE_EXPANDED) if expand else site.tree_page
    start = int(request.query.get("cursor", ["0"])[0])
    page = [_expanded(commit, row) if expand else row for row in rows[start : start + size]]
    headers = {"X-Repo-Commit": commit.sha}
    if start + size < len(rows):
        kept = {name: values[-1] for name, values in request.query.items()}
        following = urlencode({**kept, "cursor": str(start + size)})
        headers["Link"] = f'<{site.endpoint}{quote(request.path)}?{following}>; rel="next"'
    return json_response(page, headers=headers)


def paths_info(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `POST /paths-info/{revision}` with the rows of the paths that exist."""
    commit = commit_at(repo, rest[0] if rest else "main")
    text = request.body.decode()
    if "json" in request.headers.get("content-type", ""):
        form = json.loads(text)
        paths, expand = form.get("paths", []), bool(form.get("expand"))
    else:
        fields = parse_qs(text, keep_blank_values=True)
        paths, expand = fields.get("paths", []), fields.get("expand", ["false"])[0].lower() == "true"
    known = {str(row["path"]): row for row in commit.entries}
    rows = [known[path.strip("/")] for path in paths if path.strip("/") in known]
    return json_response([_expanded(commit, row) if expand else row for row in rows])


def refs(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `/refs`."""
    convert = {name: sha for name, sha in repo.branches.items() if name.startswith("refs/convert/")}
    heads = {name: sha for name, sha in repo.branches.items() if name not in convert}
    return json_response(
        {
            "branches": [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": sha} for n, sha in heads.items()],
            "tags": [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": sha} for n, sha in repo.tags.items()],
            "converts": [{"name": n.split("/")[-1], "ref": n, "targetCommit": sha} for n, sha in convert.items()],
            "pullRequests": [],
        }
    )


def commits(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `/commits/{revision}`, newest first."""
    head = commit_at(repo, rest[0] if rest else "main")
    author = {"user": repo.id.split("/")[0]}
    rows = [
        {"id": one.sha, "title": one.title, "message": "", "date": _time(one.date), "authors": [author]}
        for one in head.history()
    ]
    return json_response(rows)


def auth_check(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `/auth-check`: whether the asker may fetch the files."""
    may_fetch(repo, account)
    return json_response({})


READ_VERBS: dict[str, Handler] = {
    "revision": info,
    "tree": tree,
    "paths-info": paths_info,
    "refs": refs,
    "commits": commits,
    "auth-check": auth_check,
}


def search(site: Site, request: Request, kind: str, account: Account | None) -> Response:
    """Answer `/api/datasets` and `/api/models`: public and own repositories whose id holds the words."""
    words = request.query.get("search", [""])[-1].lower().split()
    author = request.query.get("author", [None])[-1]
    found = [
        repo
        for repo in site.repositories.values()
        if repo.kind == kind
        and repo.readable_by(account.user if account else None)
        and all(word in repo.id.lower() for word in words)
        and author in (None, repo.id.split("/")[0])
    ]
    if request.query.get("sort", [""])[-1] in ("downloads", "likes"):
        found.sort(key=lambda repo: getattr(repo, request.query["sort"][-1]), reverse=True)
    limit = int(request.query.get("limit", [str(SEARCH_PAGE)])[-1])
    rows = [_wanted(request, describe(repo, commit_at(repo, "main"))) for repo in found[:limit]]
    return json_response(rows)


def _wanted(request: Request, facts: dict[str, object]) -> dict[str, object]:
    """Keep the facts that `expand` asks for, all where it asks for none."""
    wanted = [name for key in ("expand", "expand[]") for name in request.query.get(key, [])]
    return {name: value for name, value in facts.items() if name in ("_id", "id", *wanted)} if wanted else facts


def whoami(account: Account | None) -> Response:
    """Answer `/api/whoami-v2`."""
    if account is None:
        raise RefusedError(401, "Invalid username or password.")
    access = {"displayName": "test", "role": account.role, "createdAt": _time(FIRST_COMMIT_AT)}
    facts = {"type": "user", "name": account.user, "fullname": account.user, "orgs": [], "isPro": False}
    return json_response({**facts, "auth": {"type": "access_token", "accessToken": access}})


def _sibling(path: str, entry: Entry, with_blobs: bool) -> dict[str, object]:
    sibling: dict[str, object] = {"rfilename": path}
    if with_blobs:
        sibling |= {"blobId": entry["oid"], "size": entry["size"]}
        lfs = entry.get("lfs")
        if isinstance(lfs, dict):
            sibling["lfs"] = {"sha256": lfs["oid"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}
    return sibling


def _expanded(commit: Commit, row: Entry) -> Entry:
    last = {"id": commit.sha, "title": commit.title, "date": _time(commit.date)}
    if row["type"] != "file":
        return {**row, "lastCommit": last}
    scan = {"status": "safe", "avScan": None, "pickleImportScan": None}
    return {**row, "lastCommit": last, "securityFileStatus": scan}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
