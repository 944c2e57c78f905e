"""The one exception of the core: a stable code, what happened and why, and what to do about it."""

from __future__ import annotations

from typing import Final

from mistudio_core import __version__

ERROR_CODES: Final = frozenset(
    {
        "repo_not_found",
        "revision_not_found",
        "config_not_found",
        "split_not_found",
        "gated",
        "token_rejected",
        "repo_disabled",
        "script_unsupported",
        "no_data",
        "hub_unreachable",
        "rate_limited",
        "tokenizer_not_found",
        "tokenizer_unsupported",
        "no_text_column",
        "corrupt_data",
        "disk_full",
        "too_large",
        "too_many_jobs",
        "duplicate",
        "in_use",
        "not_found",
        "invalid_request",
        "library_locked",
        "worker_died",
        "cancelled",
        "permission_denied",
        "internal",
    }
)


class StudioError(Exception):
    """A failure that a user can read: `message` says what happened and why, `hint` what to do.

    The message and the hint never hold an access token, a signed address or a stack trace, so every
    front end may show them as they are.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        """Refuse a code that is not in `ERROR_CODES`, so that a typo is found by the first test."""
        if code not in ERROR_CODES:
            raise ValueError(f"unknown error code {code!r}")
        message, hint = _printable(message), _printable(hint)
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[StudioError], tuple[str, str, str]]:
        """Pickle by the three fields, as pytest-xdist and process pools need."""
        return (type(self), (self.code, self.message, self.hint))


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
            "Take it out, or write the text in UTF-8.",
        ) from None
