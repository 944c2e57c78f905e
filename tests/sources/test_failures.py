"""Whatever the clients of the Hub raise is told in the user's words, and nothing of what they say leaks."""

from __future__ import annotations

import errno
import json
import logging
from pathlib import Path

import httpx2
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import Home
from mistudio_core.settings import Settings
from mistudio_core.sources import failures
from mistudio_core.sources.client import without_queries
from mistudio_core.work.disk_guard import DiskGuard
from mistudio_core.work.running import RunningJob

SECRET = "hf_do_not_show"
SIGNED = "https://storage.example/x.parquet?Expires=1&Signature=abc"


def told(error: BaseException, *, token: bool = True, revision: str | None = None) -> StudioError:
    return failures.hub_failure(error, "acme/stories", hf_token_given=token, revision=revision)


def answered(
    status: int, headers: dict[str, str] | None = None, url: str = "https://huggingface.co/api/x"
) -> Exception:
    """Return the exception that huggingface_hub makes of an answer."""
    from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

    request = httpx2.Request("GET", url, headers={"authorization": f"Bearer {SECRET}"})
    with pytest.raises(httpx2.HTTPError) as caught:
        hf_raise_for_status(httpx2.Response(status, headers=headers or {}, request=request, text=SIGNED))
    return caught.value


def wrapped(error: BaseException) -> Exception:
    """Return an error that hides its reason, as `datasets` raises them."""
    try:
        try:
            raise error
        except type(error):
            raise FileNotFoundError(f"Couldn't find any data file at /home/me/acme: {SIGNED} {SECRET}") from None
    except FileNotFoundError as hiding:
        return hiding


DISABLED = {"X-Error-Message": "Access to this resource is disabled."}
FINE_GRAINED = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Please enable access to public gated repositories"}
CREDENTIALS = {"X-Error-Message": "Invalid credentials in Authorization header"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (answered(404, {"X-Error-Code": "RepoNotFound"}), "repo_not_found"),
        (answered(401, {"X-Error-Code": "RepoNotFound"}), "repo_not_found"),
        (answered(404, {"X-Error-Code": "RevisionNotFound"}), "revision_not_found"),
        (answered(404, {"X-Error-Code": "EntryNotFound"}), "hub_unreachable"),
        (answered(404, url="https://cdn.example/file"), "hub_unreachable"),
        (answered(403, {"X-Error-Code": "GatedRepo"}), "gated"),
        (answered(403, FINE_GRAINED), "gated"),
        (answered(403, DISABLED), "repo_disabled"),
        (answered(401, CREDENTIALS), "token_rejected"),
        (answered(403), "token_rejected"),
        (answered(429, {"RateLimit": '"api";r=0;t=55'}), "rate_limited"),
        (answered(500), "hub_unreachable"),
        (answered(418), "hub_unreachable"),
        (httpx2.ConnectError("refused"), "hub_unreachable"),
        (httpx2.ReadTimeout("slow"), "hub_unreachable"),
        (httpx2.RemoteProtocolError("cut"), "hub_unreachable"),
        (ConnectionError("reset"), "hub_unreachable"),
        (httpx2.LocalProtocolError(f"Illegal header value b'Bearer {SECRET}'"), "token_rejected"),
        (json.JSONDecodeError("Expecting value", "<html>", 0), "hub_unreachable"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (MemoryError(), "too_large"),
        (StudioError("duplicate", "x"), "duplicate"),
        (KeyError("what"), "internal"),
    ],
)
def test_each_failure_has_its_code_however_it_is_wrapped(error: Exception, code: str) -> None:
    for seen in (error, wrapped(error)):
        if code == "internal" and seen is not error:
            continue
        found = told(seen)
        assert found.code == code
        for text in (found.message, found.hint):
            assert SECRET not in text
            assert "Signature" not in text
            assert "/home/me" not in text


def test_what_datasets_says_is_understood() -> None:
    from datasets.exceptions import DataFilesNotFoundError, DatasetNotFoundError

    assert told(DataFilesNotFoundError("No (supported) data files found")).code == "no_data"
    assert told(RuntimeError("Dataset scripts are no longer supported, but found x.py")).code == "script_unsupported"
    unknown = told(ValueError("BuilderConfig 'de' not found. Available: ['en', 'fr']"))
    assert (unknown.code, "'de'" in unknown.message, unknown.hint) == (
        "config_not_found",
        True,
        "Choose one of: en, fr.",
    )
    missing = "Config name is missing.\nPlease pick one among the available configs: ['a', 'b']\nExample: `f('x', 'a')`"
    assert told(ValueError(missing)).hint == "Choose one of: a, b."
    gated = "Dataset 'x' is a gated dataset on the Hub. You must be authenticated to access it."
    assert told(DatasetNotFoundError(gated)).code == "gated"
    assert (
        told(DatasetNotFoundError("Dataset 'x' doesn't exist on the Hub or cannot be accessed.")).code
        == "repo_not_found"
    )


def test_many_choices_are_cut_and_odd_names_are_harmless() -> None:
    error = failures.config_not_found("acme/x", None, [f"c{n}\x1b[31m" for n in range(100)])
    assert error.hint.endswith("and more.")
    assert "\x1b" not in error.hint
    assert len(error.hint) < 1000


def test_addresses_lose_what_follows_the_question_mark() -> None:
    text = f"GET {SIGNED}, then '{SIGNED}' and http://127.0.0.1:1/a/b?token=1#x \n why? because"
    cut = without_queries(text)
    assert "Signature" not in cut
    assert "token=1" not in cut
    assert cut.count("https://storage.example/x.parquet") == 2
    assert "why? because" in cut


def room(home: Path, **settings: int) -> DiskGuard:
    job = RunningJob(
        home=Home(home), settings=Settings(**settings), folder=home, id="job", kind="download", subject_id="ds",
        arguments={}, draft={}, secret=None, log=logging.getLogger("test"),
    )  # fmt: skip
    return DiskGuard(job)


def test_room_is_the_disk_less_what_stays_free_and_within_the_quota(tmp_path: Path) -> None:
    (tmp_path / "held").write_bytes(bytes(1000))
    room(tmp_path, keep_free_mb=0).require(1)
    room(tmp_path, keep_free_mb=0).watch()
    full = room(tmp_path, keep_free_mb=1 << 40)
    quota = room(tmp_path, keep_free_mb=0, quota_gb=1)
    assert quota.left() <= (1 << 30) - 1000
    for check in (full.watch, lambda: full.require(1), lambda: quota.require(1 << 30)):
        with pytest.raises(StudioError) as caught:
            check()
        assert caught.value.code == "disk_full"
    assert "1.00 GB needed" in caught.value.message  # type: ignore[possibly-undefined]
