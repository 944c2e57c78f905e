"""Failures as HTTP answers: one table from the code of an error to the status of its answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from mistudio_core.errors import StudioError, invalid, unexpected

_log = logging.getLogger(__name__)

STATUS_OF: Final[Mapping[str, int]] = {
    "invalid_request": 422,
    "no_text_column": 422,
    "no_data": 422,
    "script_unsupported": 422,
    "tokenizer_unsupported": 422,
    "not_found": 404,
    "repo_not_found": 404,
    "revision_not_found": 404,
    "config_not_found": 404,
    "split_not_found": 404,
    "tokenizer_not_found": 404,
    "duplicate": 409,
    "in_use": 409,
    "engines_differ": 409,
    "corrupt_data": 409,
    "index_missing": 409,
    "index_stale": 409,
    "index_damaged": 409,
    "cancelled": 409,
    "key_rejected": 401,
    "gated": 403,
    "token_rejected": 403,
    "repo_disabled": 403,
    "permission_denied": 403,
    "too_large": 413,
    "rate_limited": 429,
    "too_many_jobs": 429,
    "too_many_requests": 429,
    "disk_full": 503,
    "hub_unreachable": 503,
    "library_locked": 503,
    "worker_died": 503,
    "internal": 500,
}
_FIELDS_HINT: Final = "The fields are described in /docs; an access token goes into the header X-HF-Token."
_AGAIN_S: Final = 1
"""What `Retry-After` says where asking again soon may help."""
_MEANINGS: Final[Mapping[int, str]] = {
    401: "The request has no valid key.",
    403: "The Hub or this library does not allow it.",
    404: "What was named is not there, or not for this key.",
    409: "What is there stands against it: a duplicate, something in use, or damaged files.",
    413: "The body, the file or the text is too large.",
    422: "The request cannot be carried out as it was written.",
    429: "Too many requests or jobs at once, or the Hub's limit; ask again later.",
    500: "A fault of this program.",
    503: "The disk is full, the library is locked, or the Hub or a worker does not answer.",
}


class FailureFields(BaseModel):
    """What happened, why, and what to do."""

    code: str = Field(description="A stable code, the same in Python, in the shell and here.")
    message: str
    hint: str
    details: dict[str, Any] = Field(description="What a program needs of it, such as the ids of what is in use.")


class Failure(BaseModel):
    """The answer to a request that failed."""

    error: FailureFields


def failure(error: StudioError, status: int | None = None) -> Response:
    """Return the answer that tells an error; the status is that of its code unless another is given."""
    status = STATUS_OF[error.code] if status is None else status
    headers = {"Retry-After": str(_AGAIN_S)} if status in (429, 503) else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content = json.dumps({"error": error.to_json()}, ensure_ascii=False)
    return Response(content, status, headers, media_type="application/json")


def documented_failures() -> dict[int | str, dict[str, Any]]:
    """Return the failures for the OpenAPI document: each path may give all of them."""
    found: dict[int | str, dict[str, Any]] = {}
    for status, meaning in _MEANINGS.items():
        codes = ", ".join(f"`{code}`" for code, its in STATUS_OF.items() if its == status)
        example = {"error": {"code": codes.split("`")[1], "message": meaning, "hint": "", "details": {}}}
        content = {"application/json": {"example": example}}
        found[status] = {"model": Failure, "description": f"{meaning} Codes: {codes}.", "content": content}
    return found


def answer_failures(api: FastAPI) -> None:
    """Have every failure answered in one form, those of the framework too."""
    api.add_exception_handler(StudioError, _of_ours)
    api.add_exception_handler(RequestValidationError, _of_a_request)
    api.add_exception_handler(HTTPException, _of_the_framework)
    api.add_exception_handler(Exception, _of_a_fault)


def _of_ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, StudioError)
    return failure(error)


def _of_a_request(_request: Request, error: Exception) -> Response:
    """Name the field that is wrong; its value is not repeated, since it may be an access token."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return failure(invalid(f"{place[:80]}: {first['msg']}.", _FIELDS_HINT))


def _of_the_framework(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return failure(StudioError("not_found", "There is no such path.", "The paths are described in /docs."))
    answer = failure(invalid(f"{error.detail}.", "The paths are described in /docs."), error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def _of_a_fault(_request: Request, error: Exception) -> Response:
    _log.error("unexpected failure", exc_info=error)
    return failure(unexpected(error, "in the API"))
