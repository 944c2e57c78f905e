"""The failures of the core: a stable code, what happened and why, what to do about it, and what it is about.

Every failure is a `StudioError` of the class that its code belongs to, so that it can be caught by what it means:

    StudioError
    ├── InvalidRequest      invalid_request, no_text_column
    ├── NotFound            not_found, repo_not_found, revision_not_found, config_not_found, split_not_found
    │   └── TokenizerNotFound   tokenizer_not_found
    ├── Duplicate           duplicate (details: `id` and `status` of what is there)
    ├── InUse               in_use (details: `ids` of what it waits for)
    ├── AccessRefused       gated, token_rejected, repo_disabled, permission_denied, key_rejected
    ├── HubUnreachable      hub_unreachable, rate_limited
    ├── UnusableData        corrupt_data, no_data
    ├── IndexUnusable       an index that is made from the samples, and can be made again
    │   ├── IndexMissing        index_missing
    │   ├── IndexStale          index_stale: of other samples, or of another version
    │   └── IndexDamaged        index_damaged: what notices it has it built again
    ├── Unsupported         script_unsupported, tokenizer_unsupported, engines_differ
    ├── LimitReached        disk_full, too_large, too_many_jobs, too_many_requests
    ├── Interrupted         cancelled, worker_died
    ├── LibraryLocked       library_locked
    └── Unexpected          internal
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

from mistudio_core import __version__


class StudioError(Exception):
    """A failure that a user can read: `message` says what happened and why, `hint` what to do.

    `details` are the JSON values that a program needs of it, such as the ids of what is in use. The message, the hint
    and the details never hold an access token, a signed address or a stack trace, so every front end may show them.
    `StudioError(code, ...)` makes an error of the class to which the code belongs.
    """

    codes: ClassVar[tuple[str, ...]] = ()
    """The codes that are of this class and of none below it."""

    def __new__(cls, code: str, *_: object, **__: object) -> StudioError:
        """Refuse a code that is in no class, or in another one, so that a typo is found by the first test."""
        known = _CLASS_OF.get(code)
        if known is None or not issubclass(known, cls):
            raise ValueError(f"{code!r} is no error code of {cls.__name__}")
        return super().__new__(known)

    def __init__(self, code: str, message: str, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        message, hint = _printable(message), _printable(hint)
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details: Mapping[str, Any] = MappingProxyType(dict(details or {}))

    def __reduce__(self) -> tuple[type[StudioError], tuple[str, str, str, dict[str, Any]]]:
        """Pickle by the four fields, as pytest-xdist and process pools need."""
        return (StudioError, (self.code, self.message, self.hint, dict(self.details)))

    def to_json(self) -> dict[str, Any]:
        """Return the four fields as JSON takes them."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": dict(self.details)}


class InvalidRequest(StudioError):
    """What was asked for cannot be carried out as it was written."""

    codes = ("invalid_request", "no_text_column")


class NotFound(StudioError):
    """What was named is not there, or not for the one who asks."""

    codes: ClassVar[tuple[str, ...]] = (
        "not_found",
        "repo_not_found",
        "revision_not_found",
        "config_not_found",
        "split_not_found",
    )


class TokenizerNotFound(NotFound):
    """There is no such tokenizer, or the library has not loaded it yet."""

    codes = ("tokenizer_not_found",)


class Duplicate(StudioError):
    """The same is there already, or on its way: `details["id"]`, which is `details["status"]`."""

    codes = ("duplicate",)


class InUse(StudioError):
    """Something is being made or used at the moment: `details["ids"]`."""

    codes = ("in_use",)


class AccessRefused(StudioError):
    """The Hub or this library does not allow it; `key_rejected` is of the key of the HTTP API."""

    codes = ("gated", "token_rejected", "repo_disabled", "permission_denied", "key_rejected")


class HubUnreachable(StudioError):
    """The Hub does not answer, or not now."""

    codes = ("hub_unreachable", "rate_limited")


class UnusableData(StudioError):
    """Files are damaged, or hold nothing."""

    codes = ("corrupt_data", "no_data")


class IndexUnusable(StudioError):
    """An index cannot answer; it can be built again from the samples, which are not affected."""


class IndexMissing(IndexUnusable):
    """The index has not been built, or was lost."""

    codes = ("index_missing",)


class IndexStale(IndexUnusable):
    """The index is of other samples, or of another version of the program."""

    codes = ("index_stale",)


class IndexDamaged(IndexUnusable):
    """The files of the index are not what was written."""

    codes = ("index_damaged",)


class Unsupported(StudioError):
    """The data or the tokenizer is of a kind that this program does not take."""

    codes = ("script_unsupported", "tokenizer_unsupported", "engines_differ")


class LimitReached(StudioError):
    """There is no room, no memory or no place in the queue for it."""

    codes = ("disk_full", "too_large", "too_many_jobs", "too_many_requests")


class Interrupted(StudioError):
    """The work ended before it had finished; it can be resumed."""

    codes = ("cancelled", "worker_died")


class LibraryLocked(StudioError):
    """Another process holds the catalog."""

    codes = ("library_locked",)


class Unexpected(StudioError):
    """A fault of this program."""

    codes = ("internal",)


def _below(parent: type[StudioError]) -> Iterator[type[StudioError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)


_CLASS_OF: Final[Mapping[str, type[StudioError]]] = {code: kind for kind in _below(StudioError) for code in kind.codes}
ERROR_CODES: Final = frozenset(_CLASS_OF)


def unexpected(error: BaseException, act: str = "") -> StudioError:
    """Return the error for an exception that no code expects, with what a report of it needs.

    `act` is what was being done, such as `while the job ran`. The exception's own text stays out: it may hold data.
    """
    what = f"Unexpected error {act} ({type(error).__name__})." if act else f"Unexpected error ({type(error).__name__})."
    return StudioError(
        "internal", what, f"Finished work is kept. Please report it with the log (mistudio {__version__})."
    )


def _printable(text: str) -> str:
    """Return a text that any stream takes: what it quotes may hold halves of surrogate pairs."""
    return text.encode("utf-8", "backslashreplace").decode()


def invalid(message: str, hint: str = "") -> StudioError:
    """Return the error for a request that cannot be carried out as it was written."""
    return StudioError("invalid_request", message, hint)


def in_use(message: str, hint: str, *ids: str) -> StudioError:
    """Return the error for what waits for these datasets, tokenizations or jobs."""
    return StudioError("in_use", message, hint, {"ids": list(ids)})


def check_span(offset: int, limit: int | None) -> None:
    """Raise `invalid_request` for an offset, or a limit where there is one, that is less than 0."""
    for name, number in (("offset", offset), ("limit", limit)):
        if number is not None and number < 0:
            raise invalid(f"{name}: {number} is less than 0.", "Count from 0.")


def check_text(where: str, text: str) -> None:
    """Raise `invalid_request` where a text holds half of a surrogate pair; `where` names the field or the argument.

    Such a half is no character: UTF-8 has no bytes for it, so that no sample, file or database can hold it.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise invalid(
            f"{where}: character {error.start + 1} is U+{ord(text[error.start]):04X}, half of a surrogate pair, "
            "which no text in UTF-8 can hold.",
            "Remove it, or save the text as UTF-8.",
        ) from None
