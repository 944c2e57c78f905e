"""Which part of the site answers which request."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

from tests.hub import api, content, writes
from tests.hub.access import Account, RefusedError, account_of, may_list
from tests.hub.messages import Request, Response, json_response
from tests.hub.repository import Kind, Repository
from tests.hub.site import Site

VERBS = {**api.READ_VERBS, **writes.WRITE_VERBS}
HARNESSES = {"standardEnvVars": ["AI_AGENT", "AGENT"], "harnesses": {}}


def answer(site: Site, request: Request) -> Response:
    """Return the answer of the hub or of storage; refusals become answers too."""
    try:
        if request.host == "storage":
            return content.storage(site, request)
        return _hub(site, request, account_of(request.headers.get("authorization")))
    except RefusedError as refusal:
        return _refused(refusal)


def _hub(site: Site, request: Request, account: Account | None) -> Response:
    match request.segments:
        case ["api", "agent-harnesses"]:
            return json_response(HARNESSES)
        case ["api", "whoami-v2"]:
            return api.whoami(account)
        case ["api", "validate-yaml"]:
            return json_response({"errors": [], "warnings": []})
        case ["api", "repos", ("create" | "delete") as act]:
            return writes.create_or_delete(site, request, act, account)
        case ["api", "resolve-cache", ("datasets" | "models") as kinds, *rest]:
            return _cached(site, _kind(kinds), rest, account)
        case ["api", ("datasets" | "models") as kinds]:
            return api.search(site, request, _kind(kinds), account)
        case ["api", ("datasets" | "models") as kinds, *rest]:
            return _repository(site, request, _kind(kinds), rest, account)
        case [*_, "info", "lfs", "objects", "batch"]:
            return writes.lfs_batch(site, request, account)
        case ["datasets", *rest]:
            return _resolve(site, request, "dataset", rest, account)
        case rest:
            return _resolve(site, request, "model", rest, account)


def _repository(site: Site, request: Request, kind: Kind, rest: list[str], account: Account | None) -> Response:
    parts = 1 if len(rest) == 1 or rest[1] in VERBS else 2
    repo_id, verb, tail = "/".join(rest[:parts]), rest[parts : parts + 1], rest[parts + 1 :]
    moved = site.moved(kind, repo_id)
    if moved is not None:
        return _redirect(request, repo_id, moved)
    repo = may_list(site.find(kind, repo_id), account)
    if not verb:
        return api.info(site, request, repo, [], account)
    handler = VERBS.get(verb[0])
    if handler is None:
        raise RefusedError(404, "Sorry, we can't find the page you are looking for.")
    return handler(site, request, repo, tail, account)


def _resolve(site: Site, request: Request, kind: Kind, rest: list[str], account: Account | None) -> Response:
    for parts in (1, 2):
        if rest[parts : parts + 1] == ["resolve"] and len(rest) > parts + 2:
            repo_id = "/".join(rest[:parts])
            moved = site.moved(kind, repo_id)
            if moved is not None:
                return _redirect(request, repo_id, moved)
            repo = may_list(site.find(kind, repo_id), account)
            return content.resolve(site, repo, rest[parts + 1 :], account)
    raise RefusedError(404, "Sorry, we can't find the page you are looking for.")


def _cached(site: Site, kind: Kind, rest: list[str], account: Account | None) -> Response:
    # The quoted path is one part and the sha another, so the id is what stands before them.
    repo = may_list(site.find(kind, "/".join(rest[:-2])), account)
    return content.cached(repo, rest[-2:], account)


def _redirect(request: Request, repo_id: str, repo: Repository) -> Response:
    location = request.target.replace(f"/{quote(repo_id)}", f"/{quote(repo.id)}", 1)
    return Response(307, {"Location": location})


def _kind(kinds: str) -> Kind:
    return cast(Kind, kinds.removesuffix("s"))


def _refused(refusal: RefusedError) -> Response:
    message = refusal.message.encode("ascii", "replace").decode()
    headers = {**refusal.headers, "X-Error-Message": message}
    if refusal.code:
        headers["X-Error-Code"] = refusal.code
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Authentication required", charset="UTF-8"'
    return json_response({"error": refusal.message}, refusal.status, headers)
