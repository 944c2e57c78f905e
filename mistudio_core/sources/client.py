"""Talking to the Hub: one HTTP session with time limits everywhere, and the few questions that are asked of it."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlencode, urljoin

from mistudio_core.sources.endpoint import endpoint, is_hub
from mistudio_core.sources.retry import OnWait, Retry

if TYPE_CHECKING:
    import httpx2

READ_TIMEOUT_S: Final = 10.0
"""Longest silence of the network. The Hub's own client waits for ever in places."""
ATTEMPTS: Final = 6
"""Failures in a row after which a download ends."""
MAX_ANSWER_BYTES: Final = 64 << 20

SEARCH_FIELDS: Final = ("downloads", "likes", "gated", "private", "disabled", "mainSize", "usedStorage")
"""What a search asks of each repository it finds."""

_ID: Final = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)
_SHA: Final = re.compile(r"[0-9a-f]{40,64}")
_QUERY: Final = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")

_installed = threading.Lock()
_done = False


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository: `sha256` where it is stored as a large file, else git's own `sha1`."""

    path: str
    size: int
    sha256: str | None
    sha1: str | None


def without_queries(text: str) -> str:
    """Return a text for a log, with the addresses in it cut at the question mark: what follows may be a signature."""
    return _QUERY.sub(r"\1", text)


def session() -> httpx2.Client:
    """Return the session that huggingface_hub uses too, with our time limits and our care of the token."""
    global _done
    from huggingface_hub import get_session, set_client_factory

    with _installed:
        if not _done:
            set_client_factory(_new_client)
            for name in ("httpx2", "huggingface_hub"):  # they log whole addresses, signed ones too
                logging.getLogger(name).setLevel(logging.ERROR)
            _done = True
    return get_session()


@dataclass(slots=True)
class Hub:
    """Questions to the Hub with one access token (None for none). Every failure is the client's own exception."""

    hf_token: str | None = None
    attempts: int = ATTEMPTS
    deadline: float | None = None
    """Of the monotonic clock: no request goes on after it."""
    on_wait: OnWait | None = None
    kind: Literal["datasets", "models"] = "datasets"
    endpoint: str = field(default_factory=endpoint)

    def headers(self) -> dict[str, str]:
        """Return the headers of every request: user agent, and the token if there is one."""
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        headers: dict[str, str] = build_hf_headers(token=self.hf_token or False, library_name="mistudio-datasets")
        return headers

    def retry(self) -> Retry:
        """Return a fresh count of attempts."""
        return Retry(self.attempts, deadline=self.deadline, on_wait=self.on_wait)

    def info(self, repo_id: str, revision: str | None) -> dict[str, Any]:
        """Return what the Hub says of a repository at a revision (None: the newest)."""
        path = f"/api/{self.kind}/{repo_id}" + ("" if revision is None else f"/revision/{quote(revision, safe='')}")
        info, _ = self._get_json(self.endpoint + path)
        if (
            not isinstance(info, dict)
            or not _ID.fullmatch(str(info.get("id")))
            or not _SHA.fullmatch(str(info.get("sha")))
        ):
            raise _no_answer_of_the_hub(path)
        return info

    def check_access(self, repo_id: str) -> None:
        """Raise the Hub's refusal if the files of a gated repository may not be read."""
        self._get(f"{self.endpoint}/api/{self.kind}/{repo_id}/auth-check")

    def tree(self, repo_id: str, sha: str) -> list[HubFile]:
        """Return every file of a commit, with sizes and checksums."""
        url: str | None = f"{self.endpoint}/api/{self.kind}/{repo_id}/tree/{sha}?recursive=true"
        files: list[HubFile] = []
        while url is not None:
            rows, url = self._get_json(url)
            try:
                files += [_file(row) for row in rows if row["type"] == "file"]
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise _no_answer_of_the_hub("the list of files") from error
        return files

    def search(self, text: str, limit: int) -> list[Any]:
        """Return at most `limit` repositories whose id holds a text, most downloaded first, as the Hub tells them."""
        query = urlencode({"search": text, "sort": "downloads", "limit": limit, "expand": SEARCH_FIELDS}, doseq=True)
        rows, _ = self._get_json(f"{self.endpoint}/api/{self.kind}?{query}")
        if not isinstance(rows, list):
            raise _no_answer_of_the_hub("the result of a search")
        return rows[:limit]

    def file_url(self, repo_id: str, sha: str, path: str) -> str:
        """Return the address from which a file is fetched; it redirects to storage, with a fresh signature."""
        folder = "datasets/" if self.kind == "datasets" else ""
        return f"{self.endpoint}/{folder}{repo_id}/resolve/{sha}/{quote(path)}"

    def _get_json(self, url: str) -> tuple[Any, str | None]:
        body, following = self._get(url)
        return json.loads(body), following

    def _get(self, url: str) -> tuple[bytes, str | None]:
        """Fetch a small answer whole, with retries; return it and the address of the next page, if any."""
        import httpx2

        retry = self.retry()
        while True:
            try:
                return self._get_once(url)
            except (httpx2.HTTPError, OSError) as error:
                retry.after(error)

    def _get_once(self, url: str) -> tuple[bytes, str | None]:
        import httpx2
        from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

        body = bytearray()
        with session().stream("GET", url, headers=self.headers()) as response:
            if response.status_code >= 400:
                response.read()
            hf_raise_for_status(response)
            for chunk in response.iter_bytes():
                body += chunk
                late = self.deadline is not None and time.monotonic() > self.deadline
                if late or len(body) > MAX_ANSWER_BYTES:
                    raise httpx2.ReadTimeout("the answer took too long", request=response.request)
            following = response.links.get("next", {}).get("url")
            return bytes(body), None if following is None else urljoin(url, following)


def _no_answer_of_the_hub(what: str) -> httpx2.RemoteProtocolError:
    import httpx2

    return httpx2.RemoteProtocolError(f"{what} is not as the Hub answers")


def _file(row: Mapping[str, Any]) -> HubFile:
    lfs = row.get("lfs") or {}
    return HubFile(row["path"], int(row["size"]), lfs.get("oid"), None if lfs else row.get("oid"))


def _new_client() -> httpx2.Client:
    import httpx2
    from huggingface_hub.utils._http import hf_request_event_hook

    return httpx2.Client(
        event_hooks={"request": [hf_request_event_hook, _limit_time, _keep_token_home]},
        follow_redirects=True,
        timeout=READ_TIMEOUT_S,
    )


def _limit_time(request: httpx2.Request) -> None:
    """Cap the time limits: callers in huggingface_hub pass None, which means for ever."""
    limits = request.extensions.get("timeout") or {}
    request.extensions["timeout"] = {
        name: READ_TIMEOUT_S if limits.get(name) is None else min(limits[name], READ_TIMEOUT_S)
        for name in ("connect", "read", "write", "pool")
    }


def _keep_token_home(request: httpx2.Request) -> None:
    """Send the access token to the Hub's own origin only, whatever a redirect or a dataset card says."""
    if not is_hub(str(request.url)):
        request.headers.pop("authorization", None)
