"""What writers call: creating repositories, commits, branches, and the LFS upload batch."""

from __future__ import annotations

import base64
import json

from tests.hub.access import Account, RefusedError, may_write, missing
from tests.hub.content import commit_at
from tests.hub.messages import Request, Response, json_response
from tests.hub.repository import LFS_ENDINGS, LFS_FROM_BYTES, Blob, Kind, Repository, as_blob
from tests.hub.site import Site, prefix


def create_or_delete(site: Site, request: Request, act: str, account: Account | None) -> Response:
    """Answer `POST /api/repos/create` and `DELETE /api/repos/delete`."""
    asked = json.loads(request.body)
    kind: Kind = "dataset" if asked.get("type") == "dataset" else "model"
    owner = asked.get("organization") or (account.user if account else "")
    repo_id = f"{owner}/{asked['name']}"
    may_write(repo_id, account)
    existing = site.find(kind, repo_id)
    if act == "delete":
        if existing is None:
            raise missing(account)
        del site.repositories[kind, repo_id]
        return json_response({})
    url = f"{site.endpoint}/{prefix(kind)}{repo_id}"
    if existing is not None:
        return json_response({"error": "You already created this repo", "url": url}, 409)
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    site.add(Repository(repo_id, {".gitattributes": "*.parquet filter=lfs\n"}, kind=kind, private=private))
    return json_response({"url": url, "name": repo_id, "id": repo_id})


def preupload(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `POST /preupload/{revision}`: which files go to storage and which into the commit."""
    may_write(repo.id, account)
    commit = commit_at(repo, rest[0])
    answers = []
    for file in json.loads(request.body)["files"]:
        path = file["path"]
        lfs = path.endswith(LFS_ENDINGS) or file["size"] > LFS_FROM_BYTES
        held = commit.files.get(path)
        oid = None if held is None else held.sha256 if held.lfs else held.oid
        mode = "lfs" if lfs else "regular"
        answers.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return json_response({"files": answers, "commitOid": commit.sha})


def commit(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `POST /commit/{branch}`: one JSON document a line, a header and then the changes."""
    may_write(repo.id, account)
    branch = rest[0]
    head = commit_at(repo, branch)
    changes: dict[str, bytes | str | Blob | None] = {}
    title = "Update"
    for line in request.body.splitlines():
        item = json.loads(line)
        value = item["value"]
        if item["key"] == "header":
            title = value["summary"]
            if value.get("parentCommit") not in (None, head.sha):
                raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        elif item["key"] == "deletedFolder":
            folder = value["path"].rstrip("/") + "/"
            changes |= {path: None for path in head.files if path.startswith(folder)}
        else:
            changes[value["path"]] = _content(site, item["key"], value)
    sha = repo.commit(changes, branch=branch, title=title)
    url = f"{site.endpoint}/{prefix(repo.kind)}{repo.id}/commit/{sha}"
    return json_response({"success": True, "commitOid": sha, "commitUrl": url})


def _content(site: Site, key: str, value: dict[str, str]) -> Blob | None:
    if key == "deletedFile":
        return None
    if key == "file":
        return as_blob(value["path"], base64.b64decode(value["content"]))
    if value["oid"] not in site.objects:
        raise RefusedError(400, f"LFS object {value['oid']} was not uploaded")
    return Blob(site.objects[value["oid"]], lfs=True)


def branch(site: Site, request: Request, repo: Repository, rest: list[str], account: Account | None) -> Response:
    """Answer `POST /branch/{name}` and `DELETE /branch/{name}`."""
    may_write(repo.id, account)
    name = rest[0]
    if request.method == "DELETE":
        repo.branches.pop(name, None)
        return json_response({})
    if name in repo.branches:
        raise RefusedError(409, "Reference already exists")
    asked = json.loads(request.body or b"{}")
    repo.branch(name, commit_at(repo, asked.get("startingPoint", "main")).sha)
    return json_response({})


WRITE_VERBS = {"preupload": preupload, "commit": commit, "branch": branch}


def lfs_batch(site: Site, request: Request, account: Account | None) -> Response:
    """Answer `POST /{id}.git/info/lfs/objects/batch`: where each object is to be put."""
    parts = request.segments[:-4]
    kind: Kind = "dataset" if parts[0] == "datasets" else "model"
    repo_id = "/".join(parts[1:] if kind == "dataset" else parts).removesuffix(".git")
    may_write(repo_id, account)
    if site.find(kind, repo_id) is None:
        raise missing(account)
    objects = []
    for asked in json.loads(request.body)["objects"]:
        row = {"oid": asked["oid"], "size": asked["size"]}
        if asked["oid"] not in site.objects:
            row["actions"] = {"upload": {"href": site.upload_url(repo_id, asked["oid"]), "header": {}}}
        objects.append(row)
    return json_response({"transfer": "basic", "objects": objects})
